"""The services of the execution: logs, progress, cancellation, time, randomness."""

import logging
import random
import time

from tasker_handler import Context, handler


@handler
def log_levels(_ctx: Context) -> None:
    """Logs a line of each level, and one of two lines."""
    logging.debug("a detail")
    logging.info("a fact")
    logging.warning("a doubt %s", "⚠")
    logging.error("an error")
    logging.getLogger("orders").info("first\nsecond")


@handler
def heartbeat(ctx: Context, progress: str) -> None:
    """Reports progress."""
    ctx.heartbeat(progress)


@handler
def until_cancelled(ctx: Context) -> str:
    """Reports progress, and returns when the step is cancelled."""
    ctx.heartbeat("waiting")
    while not ctx.cancelled():
        pass
    return "stopped"


@handler
def time_left(ctx: Context) -> dict[str, float]:
    """Returns whether the step is cancelled, and the time that is left, in milliseconds."""
    return {"cancelled": ctx.cancelled(), "milliseconds": ctx.remaining_time() * 1000}


@handler
def clock(_ctx: Context) -> dict[str, int]:
    """Returns the time, in milliseconds since 1970, and a random number."""
    return {"milliseconds": int(time.time() * 1000), "random": random.getrandbits(53)}


@handler
def spin(_ctx: Context) -> None:
    """Computes without end."""
    while True:
        pass

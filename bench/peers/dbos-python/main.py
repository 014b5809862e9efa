"""The workflows as DBOS's documentation writes them. They run in the process that starts them.

Prints one JSON value per line. The driver (run.py) reads them.
"""

import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS


@DBOS.step()
def add_up(values: list[int]) -> int:
    return sum(values) + 1


@DBOS.step()
async def add_up_async(values: list[int]) -> int:
    return sum(values) + 1


@DBOS.workflow()
def linear_4(n: int) -> int:
    a = add_up([n])
    b = add_up([a])
    c = add_up([b])
    return add_up([c])


@DBOS.workflow()
async def fan_out_100(n: int) -> int:
    start = await add_up_async([n])
    values = await asyncio.gather(*[add_up_async([start]) for _ in range(100)], return_exceptions=True)
    return await add_up_async(values)


def show(value: object) -> None:
    print(json.dumps(value), flush=True)


def check(shape: str, n: int, result: int) -> None:
    expected = n + 4 if shape == "linear_4" else 1 + 100 * (n + 2)
    if result != expected:
        raise RuntimeError(f"{shape} of {n} returned {result!r}, not {expected}")


async def latency(shape: str, warm_up: int, runs: int, seconds: float) -> None:
    milliseconds: list[float] = []
    until = None
    for n in range(warm_up + runs):
        if n == warm_up:
            until = time.monotonic() + seconds
        if until and time.monotonic() > until:
            break
        started = time.perf_counter()
        result = linear_4(n) if shape == "linear_4" else await fan_out_100(n)
        elapsed = (time.perf_counter() - started) * 1000
        check(shape, n, result)
        if n >= warm_up:
            milliseconds.append(elapsed)
    show({"milliseconds": milliseconds})


def throughput(concurrency: int, warm_up: float, seconds: float) -> None:
    """Keeps `concurrency` workflows in flight, each in a thread."""
    # All processes of a peer start to count together.
    show("ready")
    sys.stdin.readline()
    completed = [0] * concurrency
    running = True

    def loop(index: int) -> None:
        while running:
            n = completed[index]
            check("linear_4", n, linear_4(n))
            completed[index] += 1

    with ThreadPoolExecutor(concurrency) as threads:
        loops = [threads.submit(loop, index) for index in range(concurrency)]
        try:
            time.sleep(warm_up)
            before, started = sum(completed), time.perf_counter()
            show("counting")
            time.sleep(seconds)
            workflows, elapsed = sum(completed) - before, time.perf_counter() - started
        finally:
            running = False
        for done in loops:
            done.result()
    show({"workflows": workflows, "seconds": elapsed})


def main() -> None:
    DBOS(
        config={
            "name": "bench",
            "application_version": "1",
            # A process recovers the workflows of its own name when it starts, and must not run those of another.
            "executor_id": str(os.getpid()),
            "system_database_url": os.environ["DATABASE_URL"],
            "sys_db_pool_size": int(os.environ["PEER_CONNECTIONS"]),
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    match sys.argv[1:]:
        case ["latency", shape, warm_up, runs, seconds]:
            asyncio.run(latency(shape, int(warm_up), int(runs), float(seconds)))
        case ["throughput", concurrency, warm_up, seconds]:
            throughput(int(concurrency), float(warm_up), float(seconds))
        case _:
            sys.exit("usage: latency SHAPE WARM_UP RUNS SECONDS | throughput CONCURRENCY WARM_UP_SECONDS SECONDS")
    DBOS.destroy()


if __name__ == "__main__":
    main()

"""What a handler can return."""

from dataclasses import dataclass
from typing import Any

from tasker_handler import Batch, Branch, Checkpoint, Context, batch, handler


@dataclass
class Decision:
    """A decision."""

    steps: list[str]
    result: Any


@handler(name="branch")
def decide(_ctx: Context, decision: Decision) -> Branch[Any]:
    """Selects the steps of its input."""
    return Branch(decision.steps, decision.result)


@dataclass
class Cursors:
    """A batch."""

    cursors: list[Any]
    result: Any


@handler(name="batch")
def cut(_ctx: Context, cursors: Cursors) -> Batch[Any]:
    """Creates a worker for each cursor of its input."""
    return Batch(cursors.cursors, cursors.result)


@dataclass
class Split:
    """How to split."""

    total: int
    size: int
    workers: int


@handler
def split(_ctx: Context, how: Split) -> Batch[list[batch.Range]]:
    """Splits work by size and by the number of workers."""
    return Batch(batch.ranges(how.total, how.size), batch.split(how.total, how.workers))


@handler
def checkpoint(_ctx: Context, value: Any) -> Checkpoint:
    """Saves its input."""
    return Checkpoint(value)


@handler
def resumed(ctx: Context) -> list[Any]:
    """Returns the checkpoint and the cursor; null where there is none."""
    return [ctx.checkpoint(), ctx.cursor()]


@handler
def rows(ctx: Context) -> batch.Counts | Checkpoint:
    """Processes its slice, 10 rows a run, and counts them."""
    slice = ctx.slice
    progress = batch.Progress.resume(ctx, batch.Counts())
    end = min(slice.end, progress.cursor + 10)
    count = end - progress.cursor
    progress.accumulated += batch.Counts(processed=count, succeeded=count)
    progress.advance(end, count)
    return progress.checkpoint() if end < slice.end else progress.accumulated


@handler
def sum_up(ctx: Context) -> batch.Counts:
    """Adds up the results of the workers of `rows`."""
    return sum((counts for _, counts in ctx.worker_results("rows", batch.Counts)), batch.Counts())

"""Batches: splits work into slices, processes a slice step by step, and combines the results.

A `batchable` step splits the work. A `batch_worker` step then runs once per slice and saves checkpoints, so that no attempt
starts over. The step that depends on the workers combines their results.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._outcome import Checkpoint

if TYPE_CHECKING:
    from ._context import Context

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Range:
    """A slice of the work: from `start` (inclusive) to `end` (exclusive)."""

    start: int
    end: int

    def __len__(self) -> int:
        return max(self.end - self.start, 0)

    def __iter__(self) -> Any:
        return iter(range(self.start, self.end))


def ranges(total: int, size: int) -> list[Range]:
    """Splits `total` items into slices of `size`; the last one has the remainder. A size of 0 counts as 1."""
    size = max(size, 1)
    return [Range(start, min(start + size, total)) for start in range(0, total, size)]


def split(total: int, workers: int) -> list[Range]:
    """Splits `total` items evenly among `workers`.

    No slice is empty, and their sizes differ by at most one. If there are fewer items than workers, there are fewer slices.
    """
    workers = min(max(workers, 1), total)
    slices, start = [], 0
    for worker in range(workers):
        end = start + total // workers + (worker < total % workers)
        slices.append(Range(start, end))
        start = end
    return slices


@dataclass
class Metadata:
    """A worker's position in its batch, and the template's `batch_config`."""

    # The name of the batchable step.
    batch_step: str = ""
    # The number of this worker, from 1.
    worker_number: int = 0
    # The number of workers in the batch.
    total_workers: int = 0
    # The number of items per worker.
    batch_size: int = 0
    # The field that orders the items.
    cursor_field: str = ""
    # What happens to the other workers when one fails for good: `continue_on_failure`, `fail_fast` or `isolate`.
    failure_strategy: str = ""


@dataclass
class BatchInfo:
    """The batch of a worker, as seen by that worker. An empty batch has one placeholder worker, for which `is_no_op` is true."""

    metadata: Metadata
    is_no_op: bool


@dataclass
class Progress(Generic[T]):
    """The progress of a worker, saved with a checkpoint.

    `cursor` is the position to continue from: a number, an id, a page token. `accumulated` is the result so far.
    """

    cursor: Any
    items_processed: int
    accumulated: T

    @classmethod
    def resume(cls, ctx: "Context", accumulated: T, start: Any = None) -> "Progress[T]":
        """The progress of the previous run.

        Without one, begins with `accumulated` at `start`, or at the start of the worker's slice, or at 0. The accumulated value
        that was saved is read as the type of `accumulated`.
        """
        saved: Progress[T] | None = ctx.checkpoint(GenericAlias(Progress, (type(accumulated),)))
        if saved is not None:
            return saved
        if start is None:
            found = ctx.cursor(Range)
            start = 0 if found is None else found.start
        return cls(start, 0, accumulated)

    def advance(self, cursor: Any, items: int) -> None:
        """Records `items` more processed items and the position to continue from."""
        self.cursor = cursor
        self.items_processed += items

    def checkpoint(self) -> Checkpoint:
        """Saves the progress and runs the handler again as the same attempt."""
        return Checkpoint(self)


@dataclass
class Counts:
    """Item counts of a slice or of all slices. They can be added; `sum(counts, Counts())` adds many."""

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def merge(tables: Iterable[Mapping[K, Any]]) -> dict[K, Any]:
    """Merges the workers' tables; values with the same key are added."""
    merged: dict[K, Any] = {}
    for table in tables:
        for key, value in table.items():
            merged[key] = merged[key] + value if key in merged else value
    return merged

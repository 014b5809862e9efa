"""The outcomes of handlers. A plain return value completes the step."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Branch(Generic[T]):
    """For decision steps only: the step is complete, and these steps run next. None follow if there are none."""

    def __init__(self, steps: Iterable[str], result: T = None) -> None:  # type: ignore[assignment]
        if isinstance(steps, str):
            raise TypeError(f"the steps of a branch are a list of names: write [{steps!r}]")
        self.steps, self.result = list(steps), result


class Batch(Generic[T]):
    """For batchable steps only: the step is complete, and a worker is created for each cursor.

    `batch.ranges` and `batch.split` create cursors. Without cursors, one placeholder worker runs.
    """

    def __init__(self, cursors: Iterable[Any], result: T = None) -> None:  # type: ignore[assignment]
        self.cursors, self.result = list(cursors), result


class Checkpoint:
    """Saves a value and runs the handler again as the same attempt. It finds the value in `Context.checkpoint`."""

    def __init__(self, value: Any) -> None:
        self.value = value

"""How a handler fails."""

from dataclasses import dataclass
from typing import Any

from tasker_handler import Context, PermanentError, RetryableError, handler


@dataclass
class Wanted:
    """A failure."""

    kind: str
    error_type: str
    message: str
    retry_after_ms: int | None = None
    details: Any = None


@handler
def fail(_ctx: Context, wanted: Wanted) -> None:
    """Fails as its input says: `permanent`, `retryable` or `retry_after`."""
    if wanted.kind == "permanent":
        raise PermanentError(wanted.message, error_type=wanted.error_type, details=wanted.details)
    wait = None if wanted.retry_after_ms is None else wanted.retry_after_ms / 1000
    raise RetryableError(wanted.message, error_type=wanted.error_type, retry_after=wait, details=wanted.details)


class Broken(Exception):
    """The error of some library."""


@dataclass
class Messages:
    """The messages of an error and of its cause."""

    message: str
    cause: str | None = None


@handler
def throw(_ctx: Context, messages: Messages) -> None:
    """Fails with an error that is no failure: one of its own type `Broken`, with a cause if the input has one."""
    cause = None if messages.cause is None else Broken(messages.cause)
    raise Broken(messages.message) from cause  # conformance: thrown here

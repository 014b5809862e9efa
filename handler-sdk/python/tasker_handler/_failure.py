"""Failures of handlers, as exceptions."""

from datetime import timedelta
from typing import Any


class Failure(Exception):
    """Why a handler failed. Raise `PermanentError` or `RetryableError`.

    `error_type` is a short stable name, such as `CardDeclined`; without it, the name of the class. `message` says what happened,
    for people. `details` are for debugging: any JSON; what cannot be serialized is dropped.
    """

    retryable = False
    retry_after: float | None = None

    def __init__(self, message: str, *, error_type: str | None = None, details: Any = None) -> None:
        super().__init__(message)
        self.message, self.error_type, self.details = message, error_type or type(self).__name__, details


class PermanentError(Failure):
    """A failure that every attempt would have."""


class RetryableError(Failure):
    """A failure that another attempt may not have.

    `retry_after` is the minimum wait before it, in seconds or as a timedelta, instead of the template's backoff.
    """

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        error_type: str | None = None,
        retry_after: float | timedelta | None = None,
        details: Any = None,
    ) -> None:
        super().__init__(message, error_type=error_type, details=details)
        self.retry_after = retry_after.total_seconds() if isinstance(retry_after, timedelta) else retry_after

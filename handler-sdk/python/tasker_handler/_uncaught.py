"""Exceptions that a handler did not catch, as failures."""

import traceback
from collections.abc import Callable

from ._failure import Failure, RetryableError


def failure_of(error: BaseException, name_of: Callable[[str], str | None]) -> Failure:
    """The failure for an exception: itself if it is one, else retryable, because most errors of a step are temporary.

    Its details hold the traceback. `name_of` is the name of a file for people; None for a file whose frames are left out.
    """
    if isinstance(error, Failure):
        return error
    messages: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(messages) < 16:
        messages.append(str(cause))
        cause = cause.__cause__
    message = ": ".join(filter(None, messages)) or type(error).__name__
    return RetryableError(message, error_type=type(error).__name__, details={"stack": stack_of(error, name_of)})


def stack_of(error: BaseException, name_of: Callable[[str], str | None]) -> str:
    """The traceback as Python prints it, with the chain of exceptions."""
    described = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    waiting = [described]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        named = [(frame, name_of(frame.filename)) for frame in one.stack]
        # Frames of the SDK say nothing. An exception that it raised itself keeps the user's line that called it.
        one.stack = traceback.StackSummary.from_list(
            [traceback.FrameSummary(name, frame.lineno, frame.name, line=frame.line) for frame, name in named if name is not None]
        )
        waiting.extend(other for other in (one.__cause__, one.__context__) if other is not None)
    return "".join(described.format()).rstrip("\n")

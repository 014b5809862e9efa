"""What both clients share: errors, which requests are repeated and when, and the events of a stream."""

import contextlib
import email.utils
import json
import random
import time
from typing import Any, NamedTuple, TypedDict

import httpx

from .generated.models import Fault

TEMPORARY = {429, 502, 503, 504}
LONGEST_PAUSE = 60  # Of a server that asks for more patience, the error is reported.
# The server sends a comment every 15 seconds into a stream. Without a byte for longer, the connection is dead.
KEEP_ALIVE, SILENCE = 15, 45
# The states in which a task stays until somebody acts.
AT_REST = {"complete", "error", "cancelled", "resolved_manually", "blocked_by_failures"}
DEFINITE = {"unauthenticated", "forbidden", "no_such_task", "invalid_request"}  # Another way of asking meets them, too.


class TaskerError(Exception):
    """A request that failed: `code` (docs/api.md) never changes, `detail` says what happened and what to do.

    `status` is None without a response. `errors` are the faults of an input, `request_id` is what the server's log calls the
    request, `task_id` is the existing task, if the same request has already created one.
    """

    def __init__(self, code: str, detail: str, status: int | None = None, request_id: str | None = None, **more: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.status, self.request_id = code, detail, status, request_id
        self.errors = [Fault.from_dict(fault) for fault in more.get("errors") or []]
        self.task_id: str | None = more.get("task_id")


class Event(NamedTuple):
    """An event of a task's stream: `snapshot`, `task`, `step`, `log` or `end`, and its document."""

    name: str
    data: dict[str, Any]
    id: str | None


class StartOptions(TypedDict, total=False):
    # Requests with the same key create one task, and are repeated when the server does not answer.
    idempotency_key: str
    # What a request that was sent before does: `refuse` (`duplicate_task`, the default) or `return` its task.
    on_duplicate: str
    version: str
    tags: list[str]
    priority: int
    reason: str
    initiator: str
    source_system: str
    correlation_id: str
    parent_correlation_id: str
    traceparent: str


def backoff(attempt: int) -> float:
    """Seconds before the next attempt, random so that clients do not come back all at once."""
    return random.uniform(0, min(8, 0.25 * 2**attempt))


def pause(request: httpx.Request, outcome: httpx.Response | httpx.TransportError, attempt: int) -> float | None:
    """Seconds until the request is repeated. None: it is not."""
    is_creation = request.method == "POST" and request.url.path.endswith("/v1/tasks") and "idempotency-key" in request.headers
    is_late = isinstance(outcome, httpx.TimeoutException)
    is_temporary = outcome.status_code in TEMPORARY if isinstance(outcome, httpx.Response) else not is_late
    if not is_temporary or not (is_creation or request.method in ("GET", "HEAD")):
        return None
    asked = outcome.headers.get("retry-after", "") if isinstance(outcome, httpx.Response) else ""
    date = email.utils.parsedate_tz(asked)
    wait = float(asked) if asked.isdigit() else max(0, email.utils.mktime_tz(date) - time.time()) if date else None
    if is_creation:
        # The attempt before may have created the task.
        request.url = request.url.copy_set_param("on_duplicate", "return")
    return None if wait and wait > LONGEST_PAUSE else wait if wait == 0 else (wait or 0) + backoff(attempt)


def checked(request: httpx.Request, outcome: httpx.Response | httpx.TransportError) -> httpx.Response:
    """The response, if the request succeeded."""
    place = f"{request.method} {request.url.copy_with(query=None)}"
    if isinstance(outcome, httpx.TransportError):
        code = "timed_out" if isinstance(outcome, httpx.TimeoutException) else "connection_failed"
        raise TaskerError(code, f"{place} got no response: is the server up? {outcome}") from outcome
    if outcome.is_success:
        return outcome
    is_problem = outcome.headers.get("content-type", "").startswith("application/problem+json")
    detail = f"the response {outcome.status_code} to {place} is not Tasker's: is the URL right? {outcome.text[:200]}"
    problem = {"code": "unexpected_response", "detail": detail, "status": outcome.status_code}
    with contextlib.suppress(ValueError):
        given = outcome.json() if is_problem else None
        problem = given if isinstance(given, dict) and {"code", "detail"} <= given.keys() else problem
    raise TaskerError(**{**problem, "request_id": outcome.headers.get("x-request-id")})


class Following:
    """What came of a stream, over all its connections."""

    def __init__(self, path: str, retries: int, logs: bool) -> None:
        self.path, self.retries, self.logs = path, retries, logs
        self.last: str | None = None
        self.is_at_end, self.failures, self.rest, self.since = False, 0, b"", set[str]()

    def request(self) -> dict[str, Any]:
        """The arguments of the next connection."""
        self.rest = b""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.last} if self.last else {})
        params, timeout = {"logs": self.logs}, httpx.Timeout(30, read=SILENCE)
        return {"method": "GET", "url": self.path, "headers": headers, "params": params, "timeout": timeout}

    def receive(self, chunk: bytes) -> list[Event]:
        """The events that a chunk completes."""
        # Not by lines of text: for Python they also end at characters that occur in JSON.
        *complete, self.rest = (self.rest + chunk).split(b"\n\n")
        events = []
        for block in complete:
            lines = (line.partition(":") for line in block.decode().split("\n"))
            fields = {name: value.removeprefix(" ") for name, _, value in lines}
            name, data, last = fields.get("event", ""), fields.get("data"), fields.get("id")
            # A snapshot comes on every connection; what follows it, if only a comment, shows that this one works.
            self.failures = self.failures if name == "snapshot" else 0
            # Events without an id may come again.
            if data is not None and data not in self.since:
                events.append(Event(name, json.loads(data), last))
                self.since.add(data)
            # A snapshot repeats the id that was gone on from.
            if last is not None and last != self.last:
                self.last, self.since = last, set()
            self.is_at_end = self.is_at_end or name == "end"
        return events

    def pause(self, error: Exception | None) -> float:
        """The pause before the next connection."""
        if isinstance(error, TaskerError) and error.status and error.status not in TEMPORARY:
            raise error
        self.failures += 1
        if self.failures > self.retries:
            detail = f"{self.path} breaks again and again: does a proxy on the way cut it?"
            raise error if isinstance(error, TaskerError) else TaskerError("connection_failed", detail) from error
        return backoff(self.failures)

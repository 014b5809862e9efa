"""Contexts for ordinary tests of handlers, with a simulated host.

    def test_an_order_without_items_is_refused():
        with pytest.raises(PermanentError):
            validate_order(build_context(), Order(items=[]))

`run` calls a handler as a component does: it reads the input from JSON, and returns what leaves the component.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._context import Context, Facts
from ._failure import Failure, PermanentError
from ._host import Received, StoreError
from ._http import Response
from ._json import dumps
from ._registry import answer, find
from ._request import Request
from ._uncaught import failure_of

__all__ = ["Outcome", "TestHost", "build_context", "host_of", "run"]


@dataclass
class TestHost:
    """A simulated host: what it answers, and what the handler has done."""

    __test__ = False

    secrets: Mapping[str, str] = field(default_factory=dict)
    # Answers requests. Nothing is ever sent.
    respond: Callable[[Request], Response] | None = None
    is_cancelled: bool = False
    remaining_seconds: float = 30.0
    # Values as JSON text or other bytes, by bucket and key. Every bucket is granted.
    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    heartbeats: list[str | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def heartbeat(self, progress: str | None) -> None:
        self.heartbeats.append(progress)

    def cancelled(self) -> bool:
        return self.is_cancelled

    def remaining_time_ms(self) -> int:
        return int(self.remaining_seconds * 1000)

    def secret(self, name: str) -> str | None:
        return self.secrets.get(name)

    def open_bucket(self, name: str) -> "_Bucket":
        return _Bucket(self.buckets.setdefault(name, {}))

    def send(self, request: Request) -> Received:
        self.requests.append(request)
        if self.respond is None:
            message = "requests are only sent in a component; in tests, give build_context a function `respond`"
            raise PermanentError(message, error_type="HttpUnavailable")
        response = self.respond(request)
        pieces: Iterator[bytes] = response.iter_bytes()
        return response.status_code, list(response.headers.items()), pieces


class _Bucket:
    def __init__(self, values: dict[str, bytes]) -> None:
        self._values = values

    def get(self, key: str) -> bytes | None:
        return self._values.get(key)

    def get_many(self, keys: list[str]) -> list[bytes | None]:
        return [self._values.get(key) for key in keys]

    def set(self, key: str, value: bytes) -> None:
        self._values[key] = value

    def set_many(self, values: list[tuple[str, bytes]]) -> None:
        self._values.update(values)

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            self._values.pop(key, None)

    def exists(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> list[str]:
        return sorted(self._values)

    def increment(self, key: str, delta: int) -> int:
        try:
            number = int(self._values.get(key, b"0")) + delta
        except ValueError as error:
            raise StoreError(f"`{key}` cannot be incremented: {error}") from None
        if not -(2**63) <= number < 2**63:
            raise StoreError(f"incrementing `{key}` would exceed 64 bits")
        self._values[key] = str(number).encode()
        return number

    def swap(self, key: str, change: Callable[[bytes | None], bytes]) -> None:
        self._values[key] = change(self._values.get(key))


_UNSET: Any = object()


def build_context(
    *,
    input: Any = _UNSET,
    configuration: Any = _UNSET,
    dependencies: Mapping[str, Any] | None = None,
    cursor: Any = _UNSET,
    checkpoint: Any = _UNSET,
    step_name: str = "test",
    attempt: int = 1,
    max_attempts: int = 3,
    batch_worker: tuple[int, int] | None = None,
    no_op: bool = False,
    attributes: Mapping[str, Any] | None = None,
    host: TestHost | None = None,
    **of_host: Any,
) -> Context:
    """Builds a context. Everything has a usable default.

    `input`, `configuration`, the results of `dependencies`, `cursor` and `checkpoint` are any JSON, dataclasses and so on.
    `batch_worker` is the number of the worker from 1, and the number of workers. `no_op` makes the step the placeholder of an
    empty batch. All other arguments are fields of `TestHost`: `secrets`, `respond`, `is_cancelled`, `remaining_seconds`,
    `buckets`. `host_of` returns the host, with the heartbeats and requests of the handler.
    """
    known = dict(attributes or {})
    if batch_worker is not None or no_op:
        number, total = batch_worker or (1, 1)
        known.setdefault(
            "batch_metadata",
            {
                "batch_step": "batch",
                "worker_number": number,
                "total_workers": total,
                "batch_size": 1000,
                "cursor_field": "id",
                "failure_strategy": "continue_on_failure",
            },
        )
        known.setdefault("is_no_op", no_op)
    facts = Facts(
        step_name=step_name,
        attempt=attempt,
        max_attempts=max_attempts,
        input="{}" if input is _UNSET else dumps(input),
        configuration="{}" if configuration is _UNSET else dumps(configuration),
        dependencies=[(name, dumps(result)) for name, result in (dependencies or {}).items()],
        cursor=None if cursor is _UNSET else dumps(cursor),
        checkpoint=None if checkpoint is _UNSET else dumps(checkpoint),
        attributes=[(name, dumps(value)) for name, value in known.items()],
    )
    return Context(facts, host or TestHost(**of_host))


def host_of(context: Context) -> TestHost:
    """The simulated host of a context."""
    host = context._host
    assert isinstance(host, TestHost)
    return host


@dataclass
class Outcome:
    """What leaves the component. `kind` is `complete`, `branch`, `batch` or `checkpoint`."""

    kind: str
    # The result, or the value of the checkpoint.
    result: Any
    steps: list[str]
    cursors: list[Any]


def run(handler: Callable[..., Any] | str, context: Context) -> Outcome:
    """Runs a handler as a component does. Raises a `Failure`, whatever the handler raises."""
    name = handler if isinstance(handler, str) else handler.__name__
    try:
        made = answer(find(name).run(context))
    except Failure:
        raise
    except Exception as error:
        raise failure_of(error, lambda file: file) from error
    return Outcome(made.kind, json.loads(made.result), made.steps, [json.loads(cursor) for cursor in made.cursors])

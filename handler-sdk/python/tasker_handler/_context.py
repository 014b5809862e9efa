"""The context of a handler: information about its step, and services of its host."""

from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from ._failure import PermanentError
from ._host import Host
from ._http import Http
from ._json import loads
from ._key_value import Bucket
from ._shape import Mismatch, Shape, shape_of
from .batch import BatchInfo, Metadata, Range

T = TypeVar("T")
_REQUIRED: Any = object()


@dataclass
class Facts:
    """The facts about the step. Documents are JSON text until they are read."""

    task_id: str = "018f0000-0000-7000-8000-000000000000"
    namespace: str = "default"
    task_name: str = "test"
    task_version: str = "1.0.0"
    step_name: str = "test"
    attempt: int = 1
    max_attempts: int = 3
    correlation_id: str = "test"
    input: str = "{}"
    configuration: str = "{}"
    dependencies: list[tuple[str, str]] = field(default_factory=list)
    cursor: str | None = None
    checkpoint: str | None = None
    trace_parent: str | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)


class Context:
    """Information about the step, and services of the host.

    Methods that read a value take its type as their last argument: a dataclass, `list[int]` and so on. Without one they return
    plain JSON.
    """

    def __init__(self, facts: Facts, host: Host) -> None:
        self._facts, self._host = facts, host
        self.http = Http(host)

    @property
    def task_id(self) -> str:
        """The task, a UUIDv7."""
        return self._facts.task_id

    @property
    def namespace(self) -> str:
        """The namespace of the task's template."""
        return self._facts.namespace

    @property
    def task_name(self) -> str:
        """The name of the task's template."""
        return self._facts.task_name

    @property
    def task_version(self) -> str:
        """The version of the task's template."""
        return self._facts.task_version

    @property
    def step_name(self) -> str:
        """The name of the step."""
        return self._facts.step_name

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""
        return self._facts.attempt

    @property
    def max_attempts(self) -> int:
        """The maximum number of attempts."""
        return self._facts.max_attempts

    @property
    def is_last_attempt(self) -> bool:
        """Whether this is the last attempt, so that a failure is final."""
        return self._facts.attempt >= self._facts.max_attempts

    @property
    def correlation_id(self) -> str:
        """The id that correlates the task with its cause. Pass it on to the systems you call."""
        return self._facts.correlation_id

    @property
    def trace_parent(self) -> str | None:
        """The W3C trace context of the step. Pass it on to the systems you call."""
        return self._facts.trace_parent

    @property
    def idempotency_key(self) -> str:
        """A key that is the same for every attempt of this step, for calls that must take effect only once."""
        return f"{self._facts.task_id}:{self._facts.step_name}"

    @overload
    def input(self) -> Any: ...
    @overload
    def input(self, kind: type[T]) -> T: ...
    @overload
    def input(self, kind: object) -> Any: ...
    def input(self, kind: Any = Any) -> Any:
        """The task's input. Raises a permanent `InvalidInput` that says where it differs from the type."""
        return self.input_as(shape_of(kind))

    def input_as(self, shape: Shape) -> Any:
        return _read(self._facts.input, shape, "InvalidInput", "the task's input")

    @overload
    def dependency(self, step: str) -> Any: ...
    @overload
    def dependency(self, step: str, kind: type[T]) -> T: ...
    @overload
    def dependency(self, step: str, kind: object) -> Any: ...
    def dependency(self, step: str, kind: Any = Any) -> Any:
        """The result of a dependency, by step name.

        Raises a permanent `MissingDependency` if the step does not depend on it, and `InvalidDependencyResult` if the result does
        not have the type.
        """
        for name, result in self._facts.dependencies:
            if name == step:
                return _read(result, shape_of(kind), "InvalidDependencyResult", f"the result of `{step}`")
        message = (
            f"there is no result of `{step}`; available: {', '.join(self.dependency_names) or 'none'}. Add `{step}` to its "
            "dependencies in the template, or set `ancestors: true`"
        )
        raise PermanentError(message, error_type="MissingDependency")

    @property
    def dependency_names(self) -> list[str]:
        """The names of the dependencies with results, in the order of the template."""
        return [name for name, _ in self._facts.dependencies]

    @overload
    def configuration(self) -> Any: ...
    @overload
    def configuration(self, kind: type[T]) -> T: ...
    @overload
    def configuration(self, kind: object) -> Any: ...
    def configuration(self, kind: Any = Any) -> Any:
        """The step's `handler.initialization`. Raises a permanent `InvalidConfiguration`."""
        return _read(self._facts.configuration, shape_of(kind), "InvalidConfiguration", "the step's handler.initialization")

    @overload
    def config(self, key: str) -> Any: ...
    @overload
    def config(self, key: str, kind: type[T], default: T = _REQUIRED) -> T: ...
    @overload
    def config(self, key: str, kind: object, default: Any = _REQUIRED) -> Any: ...
    def config(self, key: str, kind: Any = Any, default: Any = _REQUIRED) -> Any:
        """One key of the step's `handler.initialization`.

        Raises a permanent `InvalidConfiguration` if it is missing and there is no default, or does not have the type.
        """
        whole = self.configuration()
        if not isinstance(whole, dict) or key not in whole:
            if default is not _REQUIRED:
                return default
            value = None
        else:
            value = whole[key]
        try:
            return shape_of(kind).read(value)
        except Mismatch as mismatch:
            message = f"`{key}` of the step's handler.initialization: {mismatch}"
            raise PermanentError(message, error_type="InvalidConfiguration") from None

    @overload
    def cursor(self) -> Any: ...
    @overload
    def cursor(self, kind: type[T]) -> T | None: ...
    @overload
    def cursor(self, kind: object) -> Any: ...
    def cursor(self, kind: Any = Any) -> Any:
        """The cursor of a batch worker: its slice of the work. None in other steps. Raises a permanent `InvalidCursor`."""
        if self._facts.cursor is None:
            return None
        return _read(self._facts.cursor, shape_of(kind), "InvalidCursor", "the cursor")

    @overload
    def checkpoint(self) -> Any: ...
    @overload
    def checkpoint(self, kind: type[T]) -> T | None: ...
    @overload
    def checkpoint(self, kind: object) -> Any: ...
    def checkpoint(self, kind: Any = Any) -> Any:
        """The value of the step's last checkpoint, from this or an earlier attempt. None if it has none.

        Raises a permanent `InvalidCheckpoint`.
        """
        if self._facts.checkpoint is None:
            return None
        return _read(self._facts.checkpoint, shape_of(kind), "InvalidCheckpoint", "the checkpoint")

    @overload
    def attribute(self, name: str) -> Any: ...
    @overload
    def attribute(self, name: str, kind: type[T]) -> T | None: ...
    @overload
    def attribute(self, name: str, kind: object) -> Any: ...
    def attribute(self, name: str, kind: Any = Any) -> Any:
        """An attribute that has no method here, by name. None if the host does not provide it.

        Raises a permanent `InvalidAttribute`.
        """
        for known, value in self._facts.attributes:
            if known == name:
                return _read(value, shape_of(kind), "InvalidAttribute", f"the attribute `{name}`")
        return None

    def secret(self, name: str) -> str:
        """A secret that the template grants to this step.

        Raises a permanent `SecretNotGranted` if it is not granted or the host does not have it.
        """
        value = self._host.secret(name)
        if value is None:
            message = (
                f"there is no secret `{name}` for this step: grant it under `grants.secrets` in the template, and check that the "
                "host has it"
            )
            raise PermanentError(message, error_type="SecretNotGranted")
        return value

    def key_value(self, bucket: str) -> Bucket:
        """Opens a bucket of `grants.key_value`. Raises a permanent `KeyValueDenied` if the template does not grant it."""
        return Bucket(bucket, self._host.open_bucket(bucket))

    def heartbeat(self, progress: str | None = None) -> None:
        """Reports progress, for people, and that the handler is alive."""
        self._host.heartbeat(progress)

    def cancelled(self) -> bool:
        """Whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts."""
        return self._host.cancelled()

    def remaining_time(self) -> float:
        """The seconds until the host stops this run."""
        return self._host.remaining_time_ms() / 1000

    @property
    def batch(self) -> BatchInfo | None:
        """The batch of a batch worker; None in other steps."""
        metadata = self.attribute("batch_metadata", Metadata)
        return None if metadata is None else BatchInfo(metadata, self._is_no_op)

    @property
    def slice(self) -> Range:
        """The slice of a batch worker, for cursors that are ranges. Empty if the batch is empty.

        Raises a permanent `MissingCursor` in other steps, and `InvalidCursor` if the cursor is no range.
        """
        found = self.cursor(Range)
        if found is not None:
            return found
        if self._is_no_op:
            return Range(0, 0)
        message = (
            f"`{self.step_name}` has no slice of work: only workers of a batch have one; give the step `type: batch_worker` in "
            "the template, and let it depend on a `batchable` step"
        )
        raise PermanentError(message, error_type="MissingCursor")

    @property
    def _is_no_op(self) -> bool:
        return self.attribute("is_no_op") is True

    @overload
    def worker_results(self, worker: str) -> list[tuple[int, Any]]: ...
    @overload
    def worker_results(self, worker: str, kind: type[T]) -> list[tuple[int, T]]: ...
    @overload
    def worker_results(self, worker: str, kind: object) -> Any: ...
    def worker_results(self, worker: str, kind: Any = Any) -> Any:
        """The results of a batch's workers with their numbers, in order: of the dependencies named `<worker>_<number>`.

        An isolated worker has no result. Raises a permanent `InvalidDependencyResult` that names the worker.
        """
        numbers = []
        for name in self.dependency_names:
            digits = name.removeprefix(f"{worker}_")
            if digits != name and digits.isascii() and digits.isdigit():
                numbers.append((int(digits), name))
        return [(number, self.dependency(name, kind)) for number, name in sorted(numbers)]


def _read(text: str, shape: Shape, error_type: str, what: str) -> Any:
    try:
        return shape.read(loads(text))
    except ValueError as error:
        raise PermanentError(f"{what} does not have the expected form: {error}", error_type=error_type) from None

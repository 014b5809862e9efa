"""The component that a project's handlers are built into: the only code that converts between WIT and the SDK's types.

`start` is called once, when the component is built. All else runs in executions, in the memory that it leaves behind.
"""

import contextlib
import importlib
import importlib.util
import math
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from componentize_py_types import Err
from wit_world.imports.step_values import (
    Batch,
    Branch,
    Failure,
    HandlerDescription,
    Outcome_Batch,
    Outcome_Branch,
    Outcome_Checkpoint,
    Outcome_Complete,
    StepContext,
)

from . import _failure, _logs
from ._context import Context, Facts
from ._json import dumps
from ._registry import HANDLERS, answer, find
from ._snapshot import BEGIN, END, Snapshot
from ._uncaught import failure_of, stack_of
from ._wasi import WasiHost

_snapshot = Snapshot([])
_descriptions: list[HandlerDescription] = []
# The largest wait that the contract can state.
MAX_MILLISECONDS = 2**64 - 1


class StepHandler:
    """The export `step-handler`."""

    def describe(self) -> list[HandlerDescription]:
        return _descriptions

    def handle(self, handler: str, context: StepContext) -> Any:
        try:
            return run(handler, context)
        # Also what ends a program: an exception that left the component would be a crash without a message.
        except BaseException as error:
            raise Err(failure(failure_of(error, _snapshot.name_of))) from None
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


def start(module: str) -> None:
    """Imports the project's module, checks its handlers, and prepares the snapshot."""
    try:
        prepare(module)
    except BaseException as error:
        # The build shows what is between these lines, and not the traceback around it.
        raise SystemExit(f"{BEGIN}\n{stack_of(error, _snapshot.name_of)}\n{END}") from None


def prepare(module: str) -> None:
    global _snapshot
    spec = importlib.util.find_spec(module)
    root = Path(spec.origin or "") if spec else Path()
    for _ in range(module.count(".") + (2 if root.name == "__init__.py" else 1)):
        root = root.parent
    _snapshot = Snapshot([str(root)])
    _logs.start()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What a handler prints before it crashes is not lost.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    importlib.import_module(module)
    if not HANDLERS:
        raise SystemExit(f"the module `{module}` has no handlers: decorate functions with @handler")
    for name in sorted(HANDLERS):
        input_schema, result_schema = HANDLERS[name].schemas()
        _descriptions.append(HandlerDescription(name, HANDLERS[name].description, input_schema, result_schema))
    _snapshot.import_late()
    _snapshot.keep_sources()
    warm_up()
    _logs.start()
    _snapshot.freeze()


def warm_up() -> None:
    """Runs what every execution runs, so that caches and specialized bytecode are in the snapshot."""
    for _ in range(50):
        context = Context(Facts(input='{"text":"é","numbers":[1,1.5,null]}', dependencies=[("a", "[]")]), WasiHost())
        outcome(answer([context.input(), context.dependency("a"), context.step_name]))
        try:
            raise _failure.RetryableError("warm", retry_after=1.5, details={"a": 1})
        except _failure.Failure as error:
            failure(failure_of(error, _snapshot.name_of))
        try:
            raise KeyError("warm")
        except KeyError as error:
            failure_of(error, _snapshot.name_of)


def run(handler: str, context: StepContext) -> Any:
    facts = Facts(
        context.task_id,
        context.namespace,
        context.task_name,
        context.task_version,
        context.step_name,
        context.attempt,
        context.max_attempts,
        context.correlation_id,
        context.task_input,
        context.configuration,
        [(dependency.step, dependency.result) for dependency in context.dependency_results],
        context.cursor,
        context.checkpoint,
        context.trace_parent,
        context.attributes,
    )
    return outcome(answer(find(handler).run(Context(facts, WasiHost()))))


def outcome(made: Any) -> Any:
    if made.kind == "complete":
        return Outcome_Complete(made.result)
    if made.kind == "branch":
        return Outcome_Branch(Branch(made.steps, made.result))
    if made.kind == "batch":
        return Outcome_Batch(Batch(made.cursors, made.result))
    return Outcome_Checkpoint(made.result)


def failure(error: _failure.Failure) -> Failure:
    wait = error.retry_after
    milliseconds = None if wait is None or math.isnan(wait) else int(min(max(wait * 1000, 0), MAX_MILLISECONDS))
    details = None
    if error.details is not None:
        # The failure itself says more than that its details cannot be written.
        with contextlib.suppress(ValueError):
            details = dumps(error.details)
    return Failure(text(error.error_type), text(error.message), error.retryable, milliseconds, details)


def text(value: object) -> str:
    """A text that can leave the component: half of a surrogate pair cannot."""
    return str(value).encode(errors="replace").decode()

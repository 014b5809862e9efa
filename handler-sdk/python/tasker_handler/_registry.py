"""The handlers of a component: what `@handler` registers, and how one is run."""

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, overload

from ._context import Context
from ._failure import PermanentError
from ._json import dumps
from ._outcome import Batch, Branch, Checkpoint
from ._shape import Shape, Unsupported, root_schema, shape_of

P = ParamSpec("P")
R = TypeVar("R")

_SHAPE = "a handler takes the context and, optionally, the task's input: `def handle(ctx: Context, input: MyInput) -> MyResult:`"


@dataclass
class Handler:
    """A registered function."""

    name: str
    description: str
    function: Callable[..., Any]
    takes_input: bool

    @functools.cached_property
    def shapes(self) -> tuple[Shape | None, Shape | None]:
        """The shapes of the input and of the result. Not known before all types of the module are declared."""
        try:
            hints = typing.get_type_hints(self.function, include_extras=True)
            parameters = list(inspect.signature(self.function).parameters)
            given = hints.get(parameters[1]) if self.takes_input else None
            read = shape_of(given) if given is not None else None
            result = _result_hint(hints["return"]) if "return" in hints else None
            return read, None if result is None else shape_of(result)
        except (Unsupported, NameError) as error:
            raise Unsupported(f"the handler `{self.name}` ({place(self.function)}): {error}") from error

    def schemas(self) -> tuple[str | None, str | None]:
        """The JSON Schemas of the input and of the result."""
        read, result = (None if shape is None else dumps(root_schema(shape)) for shape in self.shapes)
        return read, result

    def run(self, context: Context) -> Any:
        """Calls the function with the input that it takes."""
        if not self.takes_input:
            return self.function(context)
        shape = self.shapes[0]
        value = context.input() if shape is None else context.input_as(shape)
        return self.function(context, value)


HANDLERS: dict[str, Handler] = {}


@overload
def handler(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def handler(*, name: str | None = None, description: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def handler(function: Any = None, /, *, name: str | None = None, description: str | None = None) -> Any:
    """Registers a function as a handler. The function itself is unchanged.

    It takes the context and, optionally, the task's input. The input is checked against the hint of its type. `name` is what
    templates use as `callable`; without it, the function's own. `description` is its purpose in one sentence; without it, the
    first paragraph of the docstring.
    """
    if function is None:
        return lambda function: _register(function, name, description)
    if not callable(function):
        raise TypeError("write @handler, or @handler(name=..., description=...)")
    return _register(function, name, description)


def _register(function: Callable[..., Any], name: str | None, description: str | None) -> Callable[..., Any]:
    name = function.__name__ if name is None else name
    where = f"the handler `{name}` ({place(function)})"
    if not name:
        raise ValueError(f"{where} has an empty name")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{where} cannot be async: it runs alone in its sandbox, so call blocking functions")
    if inspect.isgeneratorfunction(function):
        raise TypeError(f"{where} cannot be a generator: return the result")
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty or parameter.kind is not parameter.KEYWORD_ONLY
    ]
    positional = all(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters)
    if not positional or len(parameters) not in (1, 2):
        raise TypeError(f"{where}: {_SHAPE}")
    known = HANDLERS.get(name)
    if known is not None and (known.function.__module__, known.function.__qualname__) != (
        function.__module__,
        function.__qualname__,
    ):
        raise ValueError(f"{where}: {place(known.function)} has a handler of this name already")
    if description is None:
        description = " ".join(inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].split())
    HANDLERS[name] = Handler(name, description, function, len(parameters) == 2)
    return function


def find(name: str) -> Handler:
    """The handler of a name."""
    try:
        return HANDLERS[name]
    except KeyError:
        message = f"the component has no handler `{name}`; it has {', '.join(sorted(HANDLERS))}"
        raise PermanentError(message, error_type="UnknownHandler") from None


def place(function: Callable[..., Any]) -> str:
    """Where a function is defined: `handlers.py:12`."""
    code = inspect.unwrap(function).__code__
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"


def _result_hint(hint: Any) -> Any:
    """The type of a handler's result, of what it returns. None if that says nothing."""
    if hint is Any or hint in (Branch, Batch, Checkpoint):
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Branch, Batch):
        return arguments[0]
    if origin in (typing.Union, type(int | None)):
        # A hint without a type is None's own.
        results = [one for one in arguments if one is not Checkpoint]
        results = [_result_hint(one) if typing.get_origin(one) in (Branch, Batch) else one for one in results]
        if any(one in (Any, Branch, Batch) for one in results):
            return None
        return typing.Union[tuple(results)] if results else None  # noqa: UP007
    return type(None) if hint is None else hint


@dataclass
class Answer:
    """An outcome, as JSON. `kind` is `complete`, `branch`, `batch` or `checkpoint`."""

    kind: str
    result: str
    steps: list[str]
    cursors: list[str]


def answer(value: Any) -> Answer:
    """Writes what a handler returned. Raises a permanent `ResultNotSerializable`."""
    if isinstance(value, Checkpoint):
        return Answer("checkpoint", _written(value.value, "the checkpoint"), [], [])
    if isinstance(value, Branch):
        if not all(isinstance(step, str) for step in value.steps):
            raise PermanentError("the steps of a branch are names", error_type="ResultNotSerializable")
        return Answer("branch", _written(value.result, "the result"), value.steps, [])
    if isinstance(value, Batch):
        cursors = [_written(cursor, "a cursor") for cursor in value.cursors]
        return Answer("batch", _written(value.result, "the result"), [], cursors)
    return Answer("complete", _written(value, "the result"), [], [])


def _written(value: Any, what: str) -> str:
    try:
        return dumps(value)
    except ValueError as error:
        raise PermanentError(f"{what} cannot be serialized: {error}", error_type="ResultNotSerializable") from None

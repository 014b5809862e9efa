"""The shapes of values, from type hints: a shape reads JSON as a value of the type, and states its JSON Schema."""

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, NotRequired, Required, Union

from ._base import Definitions, Mismatch, Read, Shape, Unsupported, expected, found, root_schema
from ._constraint import Field
from ._scalars import SCALARS, boolean, null, number

__all__ = ["Mismatch", "Shape", "Unsupported", "root_schema", "shape_of"]

_SHAPES: dict[Any, Shape] = {}


def shape_of(hint: Any) -> Shape:
    """The shape of a type hint. Raises `Unsupported` if there is none."""
    # Only classes are kept, which may refer to themselves. Unions are equal whatever the order in which their members are tried.
    origin = typing.get_origin(hint)
    if not (isinstance(hint, type) if origin is None else dataclasses.is_dataclass(origin)):
        return _build(hint)
    if hint in _SHAPES:
        return _SHAPES[hint]
    try:
        _SHAPES[hint] = _build(hint)
    except Unsupported:
        # A type that refers to itself was put there before its members were known.
        _SHAPES.pop(hint, None)
        raise
    return _SHAPES[hint]


def _build(hint: Any) -> Shape:
    if hint is Any or hint is object:
        return Shape(lambda value: value, lambda _: {}, accepts_null=True)
    if hint is None or hint is type(None):
        return Shape(null, lambda _: {"type": "null"}, accepts_null=True)
    if isinstance(hint, typing.TypeAliasType) if hasattr(typing, "TypeAliasType") else False:
        return shape_of(hint.__value__)
    if isinstance(hint, typing.NewType):
        return shape_of(hint.__supertype__)
    if isinstance(hint, typing.TypeVar):
        return shape_of(hint.__bound__ or Any)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _constrained(shape_of(arguments[0]), [one for one in arguments[1:] if isinstance(one, Field)])
    if origin in (Required, NotRequired, typing.Final):
        return shape_of(arguments[0])
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return _literal(arguments)
    kind = origin or hint
    if isinstance(kind, type):
        if kind in SCALARS:
            return SCALARS[kind]
        if issubclass(kind, enum.Enum):
            return _enum(kind)
        if typing.is_typeddict(kind):
            return _typed_dict(kind)
        if dataclasses.is_dataclass(kind):
            return _dataclass(kind, hint)
        if issubclass(kind, tuple):
            return _tuple(kind, arguments)
        if kind in (set, frozenset, collections.abc.Set):
            items = _array(arguments[0] if arguments else Any)
            make = frozenset if kind is frozenset else set
            return Shape(lambda value: make(items.read(value)), lambda d: items.schema(d) | {"uniqueItems": True})
        if kind in (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection):
            return _array(arguments[0] if arguments else Any)
        if kind in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
            return _mapping(*(arguments or (str, Any)))
        if hasattr(kind, "model_validate"):
            raise Unsupported(
                f"{kind.__qualname__} is a model of pydantic, whose core is native code that no component can hold: "
                "make it a dataclass or a TypedDict"
            )
    raise Unsupported(
        f"no JSON can be read as {hint!r}: use JSON's types (None, bool, int, float, str, list, dict), Any, dataclasses, "
        "TypedDict, NamedTuple, Literal, enums, unions, tuples, sets, dates, UUID and Decimal"
    )


def _constrained(shape: Shape, fields: list[Field]) -> Shape:
    if not fields:
        return shape
    read_value = shape.read

    def read(value: Any) -> Any:
        result = read_value(value)
        for field in fields:
            if (fault := field.fault(result)) is not None:
                raise Mismatch(fault)
        return result

    def schema(definitions: Definitions) -> dict[str, Any]:
        own = dict(shape.schema(definitions))
        for field in fields:
            own.update(field.schema(own.get("type")))
        return own

    return Shape(read, schema, accepts_null=shape.accepts_null)


def _array(hint: Any) -> Shape:
    item = shape_of(hint)
    read_item = item.read

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            expected("an array", value)
        items: list[Any] = []
        try:
            for one in value:
                items.append(read_item(one))
        except Mismatch as mismatch:
            mismatch.place.insert(0, len(items))
            raise
        return items

    return Shape(read, lambda d: {"type": "array", "items": item.schema(d)})


def _tuple(kind: Any, arguments: tuple[Any, ...]) -> Shape:
    if hasattr(kind, "_fields"):
        hints = _hints(kind)
        arguments = tuple(hints.get(field, Any) for field in kind._fields)
        make: Callable[[list[Any]], Any] = kind._make
    else:
        make = tuple
        if not arguments or arguments[-1] is Ellipsis:
            items = _array(arguments[0] if arguments else Any)
            return Shape(lambda value: tuple(items.read(value)), items.schema)
    shapes = [shape_of(argument) for argument in arguments]

    def read(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(shapes):
            expected(f"an array of {len(shapes)} items", value)
        return make([_at(index, shape.read, value[index]) for index, shape in enumerate(shapes)])

    return Shape(
        read,
        lambda d: {
            "type": "array",
            "prefixItems": [shape.schema(d) for shape in shapes],
            "minItems": len(shapes),
            "maxItems": len(shapes),
        },
    )


def _at(place: str | int, read: Read, value: Any) -> Any:
    try:
        return read(value)
    except Mismatch as mismatch:
        mismatch.place.insert(0, place)
        raise


def _mapping(key: Any, hint: Any) -> Shape:
    values, keys = shape_of(hint), shape_of(key)
    if key is int:
        keys = Shape(_int_key, keys.schema)
    elif key not in (str, Any) and keys.read in (boolean, number, null):
        raise Unsupported(f"the keys of JSON's objects are strings, not {key!r}")

    def read(value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            expected("an object", value)
        items: dict[Any, Any] = {}
        for name, one in value.items():
            items[_at(name, keys.read, name)] = _at(name, values.read, one)
        return items

    return Shape(read, lambda d: {"type": "object", "additionalProperties": values.schema(d)})


def _int_key(name: str) -> int:
    try:
        return int(name)
    except ValueError:
        expected("an integer as its name", name)


def _literal(values: tuple[Any, ...]) -> Shape:
    plain = [value.value if isinstance(value, enum.Enum) else value for value in values]

    def read(value: Any) -> Any:
        for wanted, result in zip(plain, values, strict=True):
            # 1 equals True and 1.0, but they are other JSON.
            if type(value) is type(wanted) and value == wanted:
                return result
        return expected(" or ".join(found(wanted) for wanted in plain), value)

    return Shape(read, lambda _: {"enum": plain}, accepts_null=None in plain)


def _enum(kind: type[enum.Enum]) -> Shape:
    values = _literal(tuple(kind))
    return _named(kind.__name__, values.read, lambda _: _described(kind, {"enum": [one.value for one in kind]}))


def _union(arguments: tuple[Any, ...]) -> Shape:
    shapes = [shape_of(argument) for argument in arguments]
    accepts_null = any(shape.accepts_null for shape in shapes)
    others = [shape for shape in shapes if shape.read is not null]

    def read(value: Any) -> Any:
        if value is None and accepts_null:
            return None
        mismatches = []
        for shape in others:
            try:
                return shape.read(value)
            except Mismatch as mismatch:
                mismatches.append(mismatch)
        # The alternative that fits best is the one that was read furthest.
        deepest = max(mismatches, key=lambda mismatch: len(mismatch.place))
        if deepest.place or len(mismatches) == 1:
            raise deepest
        return expected(" or ".join(dict.fromkeys(_wanted(one) for one in mismatches)), value)

    def schema(definitions: Definitions) -> dict[str, Any]:
        schemas = [shape.schema(definitions) for shape in shapes]
        kinds = [one["type"] for one in schemas if set(one) == {"type"} and isinstance(one["type"], str)]
        return {"type": kinds} if len(kinds) == len(schemas) else {"anyOf": schemas}

    return Shape(read, schema, accepts_null=accepts_null)


def _wanted(mismatch: Mismatch) -> str:
    return mismatch.what.removeprefix("expected ").rsplit(", found ", 1)[0]


def _named(name: str, read: Read, schema: Callable[[Definitions], dict[str, Any]]) -> Shape:
    """The shape of a type with a name, whose schema may refer to itself."""
    owner = object()
    return Shape(read, lambda definitions: definitions.refer(name, owner, schema))


def _described(kind: type, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the first paragraph of the type's own docstring."""
    about = kind.__dict__.get("__doc__")
    # A dataclass without a docstring has its signature as one.
    if not about or about.startswith(f"{kind.__name__}("):
        return schema
    return {"description": " ".join(inspect.cleandoc(about).split("\n\n")[0].split()), **schema}


@dataclasses.dataclass
class _Field:
    name: str
    shape: Shape
    is_required: bool


def _hints(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except NameError as error:
        raise Unsupported(f"{kind.__qualname__}: {error}") from error


def _object(fields: list[_Field], make: Callable[[dict[str, Any]], Any], keeps_others: bool) -> Read:
    rows = [(field.name, field.shape.read, field.is_required) for field in fields]

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            expected("an object", value)
        # A TypedDict is the object itself, so it keeps members that it does not name.
        members = dict(value) if keeps_others else {}
        for name, read_member, is_required in rows:
            if name in value:
                try:
                    members[name] = read_member(value[name])
                except Mismatch as mismatch:
                    mismatch.place.insert(0, name)
                    raise
            elif is_required:
                raise Mismatch(f"`{name}` is missing")
        return make(members)

    return read


def _object_schema(kind: type, fields: list[_Field], definitions: Definitions) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {field.name: field.shape.schema(definitions) for field in fields},
        "required": [field.name for field in fields if field.is_required],
    }
    return _described(kind, schema if schema["required"] else {key: schema[key] for key in ("type", "properties")})


def _typed_dict(kind: Any) -> Shape:
    fields: list[_Field] = []
    # Before the members, because they may refer to it.
    shape = _SHAPES[kind] = _named(
        kind.__name__,
        lambda value: read(value),
        lambda definitions: _object_schema(kind, fields, definitions),
    )
    for name, hint in _hints(kind).items():
        fields.append(_Field(name, shape_of(hint), name in kind.__required_keys__))
    read = _object(fields, lambda members: members, keeps_others=True)
    shape.read = read
    return shape


def _dataclass(kind: Any, hint: Any) -> Shape:
    fields: list[_Field] = []
    shape = _SHAPES[hint] = _named(
        kind.__name__,
        lambda value: read(value),
        lambda definitions: _object_schema(kind, fields, definitions),
    )
    hints = _hints(kind)
    optional = []
    parameters = dict(zip(getattr(kind, "__parameters__", ()), typing.get_args(hint), strict=False))
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        of_field = shape_of(parameters.get(hints[field.name], hints[field.name]))
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if not has_default and of_field.accepts_null:
            optional.append(field.name)
        fields.append(_Field(field.name, of_field, not has_default and not of_field.accepts_null))

    def make(members: Mapping[str, Any]) -> Any:
        # A field that may be null and has no default is null when it is missing.
        missing = {name: None for name in optional if name not in members}
        try:
            return kind(**members, **missing)
        except ValueError as error:
            # The checks of `__post_init__`.
            raise Mismatch(str(error)) from error

    read = _object(fields, make, keeps_others=False)
    shape.read = read
    return shape

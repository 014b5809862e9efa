"""What all shapes have in common: how one reads a value, and how it states its JSON Schema."""

import dataclasses
from collections.abc import Callable
from typing import Any, NoReturn

from ._json import member

Read = Callable[[Any], Any]


class Definitions:
    """The `$defs` of a schema: the schemas of types with names, how often each is referred to, and whose each is."""

    def __init__(self) -> None:
        self.schemas: dict[str, dict[str, Any]] = {}
        self.references: dict[str, int] = {}
        self.owners: dict[str, object] = {}

    def refer(self, name: str, owner: object, schema: Callable[["Definitions"], dict[str, Any]]) -> dict[str, Any]:
        """A reference to the schema of a type, which is written once."""
        key, number = name, 1
        # Other types may have this name.
        while self.owners.setdefault(key, owner) is not owner:
            number += 1
            key = f"{name}{number}"
        self.references[key] = self.references.get(key, 0) + 1
        if self.references[key] == 1:
            self.schemas[key] = {}
            self.schemas[key].update(schema(self))
        return {"$ref": f"#/$defs/{key}"}


class Mismatch(ValueError):
    """A value does not have the shape. `place` leads to it: names of members and indices."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.place: list[str | int] = []

    def __str__(self) -> str:
        path = ""
        for part in self.place:
            path = f"{path}[{part}]" if isinstance(part, int) else member(path, part)
        return f"{path}: {self.what}" if path else self.what


class Unsupported(TypeError):
    """A type hint that no JSON can be read as."""


@dataclasses.dataclass
class Shape:
    """`read` returns the value, or raises `Mismatch`. `schema` may add to the definitions."""

    read: Read
    schema: Callable[[Definitions], dict[str, Any]]
    accepts_null: bool = False


def root_schema(shape: Shape) -> dict[str, Any]:
    """The whole JSON Schema of a shape."""
    definitions = Definitions()
    schema = shape.schema(definitions)
    if reference := schema.get("$ref"):
        # The root stands at the top, and in the definitions only if it refers to itself.
        name = reference.removeprefix("#/$defs/")
        schema = {"title": name, **definitions.schemas[name]}
        if definitions.references[name] == 1:
            del definitions.schemas[name]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return schema | ({"$defs": definitions.schemas} if definitions.schemas else {})


def found(value: Any) -> str:
    """A value that is not what was expected, for people."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}…"'
    return str(value)[:40]


def expected(what: str, value: Any) -> NoReturn:
    raise Mismatch(f"expected {what}, found {found(value)}")

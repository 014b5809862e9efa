"""The shapes of values that hold no others."""

import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Any

from ._base import Shape, expected


def null(value: Any) -> None:
    if value is not None:
        expected("null", value)


def boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else expected("true or false", value)


def integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        expected("an integer", value)
    return value


def number(value: Any) -> float:
    # An integer stays one, so that it keeps its digits.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        expected("a number", value)
    return value


def _str(value: Any) -> str:
    return value if isinstance(value, str) else expected("a string", value)


def _text(parse: Callable[[str], Any], what: str, **schema: str) -> Shape:
    def read(value: Any) -> Any:
        try:
            return parse(_str(value))
        except (ValueError, decimal.InvalidOperation):
            expected(what, value)

    return Shape(read, lambda _: {"type": "string", **schema})


def _decimal(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return decimal.Decimal(value)
    return _DECIMAL.read(value)


_DECIMAL = _text(decimal.Decimal, "a decimal number as a string")
SCALARS: dict[type, Shape] = {
    bool: Shape(boolean, lambda _: {"type": "boolean"}),
    int: Shape(integer, lambda _: {"type": "integer"}),
    float: Shape(number, lambda _: {"type": "number"}),
    str: Shape(_str, lambda _: {"type": "string"}),
    datetime.datetime: _text(datetime.datetime.fromisoformat, "a date and time (ISO 8601)", format="date-time"),
    datetime.date: _text(datetime.date.fromisoformat, "a date (ISO 8601)", format="date"),
    datetime.time: _text(datetime.time.fromisoformat, "a time (ISO 8601)", format="time"),
    uuid.UUID: _text(uuid.UUID, "a UUID", format="uuid"),
    decimal.Decimal: Shape(_decimal, lambda _: {"type": ["string", "integer"]}),
}

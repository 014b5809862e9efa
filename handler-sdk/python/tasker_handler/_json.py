"""JSON without losses: integers keep all digits, and numbers that no float can hold are refused."""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import re
import uuid
from typing import Any, NoReturn


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# One decoder for all documents. Its scanner is native code and calls `_float` only for fractions and exponents.
_DECODER = json.JSONDecoder(parse_float=_float, parse_constant=_constant)


# As many levels as the SDK for Rust reads. The scanner calls itself for each, and its stack is small in a component.
MAX_DEPTH = 128
_ESCAPES, _STRINGS = re.compile(rb"\\.", re.DOTALL), re.compile(rb'"[^"]*"')
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


def check_depth(text: str) -> None:
    """Raises `ValueError` if a document has too many levels."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    rest = text.encode(errors="replace")
    if b"\\" in rest:
        rest = _ESCAPES.sub(b"", rest)
    # Brackets, and quotes around those in strings. Two strings side by side may count as one.
    rest = rest.translate(_ONE_KIND, _NOT_STRUCTURE).replace(b'""', b"")
    rest = _STRINGS.sub(b"", rest)
    levels = 0
    while levels < MAX_DEPTH and b"[]" in rest:
        rest = rest.replace(b"[]", b"")
        levels += 1
    # What is left has more levels, or is no JSON; for that, too, the scanner would open as many.
    if levels == MAX_DEPTH and rest or rest.count(b"[") > MAX_DEPTH:
        raise ValueError(f"it has more than {MAX_DEPTH} levels")


def loads(text: str | bytes) -> Any:
    """Parses a document.

    Raises `ValueError` that says what is wrong and where.
    """
    if isinstance(text, bytes):
        text = text.decode()
    check_depth(text)
    value = _DECODER.decode(text)
    # Half of a surrogate pair is no text. Only an escape can write one.
    if "\\u" in text:
        text.encode()
        check_text(value)
    return value


def dumps(value: Any) -> str:
    """Writes a value: JSON's own types, dataclasses, enums, dates, UUIDs, decimals (as strings), tuples and sets.

    Floats that are no number are null. Raises `ValueError` that says what cannot be written and where.
    """
    try:
        try:
            text = _ENCODER.encode(value)
        except ValueError as error:
            if not str(error).startswith("Out of range float"):
                raise
            text = _ENCODER.encode(_numbers(value))
        text.encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (TypeError, ValueError) as error:
        if str(error).startswith("Circular reference"):
            raise ValueError("it contains itself") from None
        path, what = _blame(value, "", str(error))
        raise ValueError(f"{path}: {what}" if path else what) from None
    return text


def _numbers(value: Any) -> Any:
    """The value with null instead of floats that are no number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return _numbers(_plain(value))


# The names of the fields of dataclasses.
_FIELDS: dict[type, tuple[str, ...]] = {}


def _plain(value: Any) -> Any:
    """What the encoder writes instead of a value that it does not know. It writes the fields by itself."""
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is not None:
        return {name: getattr(value, name) for name in names}
    if dataclasses.is_dataclass(kind):
        _FIELDS[kind] = tuple(field.name for field in dataclasses.fields(kind))
        return _plain(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, decimal.Decimal)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a value of the type {kind.__qualname__} cannot be written as JSON")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def check_text(value: Any) -> None:
    """Raises `ValueError` if a string holds half of a surrogate pair."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for item in value:
            check_text(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            name.encode()
            check_text(item)


def _blame(value: Any, path: str, otherwise: str) -> tuple[str, str]:
    """The first part of a value that cannot be written, and why."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, (str, int, float, bool, type(None))):
                return path, f"a key of the type {type(name).__qualname__} cannot be written as JSON"
            if (blame := _try(item, member(path, name), otherwise)) is not None:
                return blame
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if (blame := _try(item, f"{path}[{index}]", otherwise)) is not None:
                return blame
    elif isinstance(value, str):
        return path, "a string holds half of a surrogate pair, which is no text"
    elif value is not None and not isinstance(value, (bool, int, float)):
        try:
            return _blame(_plain(value), path, otherwise)
        except TypeError as error:
            return path, str(error)
    return path, otherwise


def _try(value: Any, path: str, otherwise: str) -> tuple[str, str] | None:
    try:
        _ENCODER.encode(value).encode()
    except (TypeError, ValueError):
        return _blame(value, path, otherwise)
    return None


def member(path: str, name: object) -> str:
    """The path of a member: `order.items`."""
    return f"{path}.{name}" if path else str(name)

"""What a value must fulfil beyond its type."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Field:
    """A constraint in a type hint: `quantity: Annotated[int, Field(ge=1, description="How many.")]`.

    `ge`, `gt`, `le` and `lt` are limits of numbers. `min_length` and `max_length` are of strings (in characters), arrays and
    objects. `pattern` is a regular expression that occurs in the string.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    description: str | None = None

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value; None if it fulfils all."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            for limit, words, holds in (
                (self.ge, "at least", self.ge is None or value >= self.ge),
                (self.gt, "more than", self.gt is None or value > self.gt),
                (self.le, "at most", self.le is None or value <= self.le),
                (self.lt, "less than", self.lt is None or value < self.lt),
            ):
                if not holds:
                    return f"expected {words} {limit}, found {value}"
        if hasattr(value, "__len__"):
            unit = "characters" if isinstance(value, str) else "items"
            if self.min_length is not None and len(value) < self.min_length:
                return f"expected at least {self.min_length} {unit}, found {len(value)}"
            if self.max_length is not None and len(value) > self.max_length:
                return f"expected at most {self.max_length} {unit}, found {len(value)}"
        if self.pattern is not None and isinstance(value, str) and re.search(self.pattern, value) is None:
            return f"expected a string that matches {self.pattern}, found {value[:40]!r}"
        return None

    def schema(self, kind: object) -> dict[str, Any]:
        """Its part of the JSON Schema of a `kind` of value: `string`, `array`, ..."""
        what = {"array": "Items", "object": "Properties"}.get(str(kind), "Length")
        words = {
            "minimum": self.ge,
            "exclusiveMinimum": self.gt,
            "maximum": self.le,
            "exclusiveMaximum": self.lt,
            f"min{what}": self.min_length,
            f"max{what}": self.max_length,
            "pattern": self.pattern,
            "description": self.description,
        }
        return {key: value for key, value in words.items() if value is not None}

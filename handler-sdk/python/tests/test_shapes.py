"""Type hints: what is read as them, what is refused and where, and their JSON Schema."""

import datetime
import decimal
import enum
import unittest
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, TypedDict, TypeVar

from tasker_handler import Field
from tasker_handler._shape import Mismatch, Unsupported, root_schema, shape_of

T = TypeVar("T")
Sku = NewType("Sku", str)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: float


@dataclass
class Item:
    """A position of an order."""

    sku: Sku
    amount: Annotated[int, Field(ge=1)] = 1
    note: str | None = None


@dataclass
class Order:
    items: list[Item]
    colour: Colour
    address: "Pickup | Delivery"
    # Neither has a default: a field that may be null may also be missing.
    comment: str | None
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class Pickup:
    shop: int


@dataclass
class Delivery:
    street: str


@dataclass
class Tree:
    name: str
    branches: list["Tree"]


@dataclass
class Page(Generic[T]):
    items: T


class Typed(TypedDict):
    above: NotRequired["Typed"]
    below: list["Typed"]


ORDER: dict[str, Any] = {"items": [{"sku": "A", "amount": 2}], "colour": "red", "address": {"street": "Elm"}}


def with_(**members: Any) -> dict[str, Any]:
    return ORDER | members


class Reading(unittest.TestCase):
    def refused(self, hint: Any, value: Any, message: str) -> None:
        with self.assertRaises(Mismatch) as raised:
            shape_of(hint).read(value)
        self.assertEqual(str(raised.exception), message)

    def test_a_dataclass_is_read_with_all_that_is_in_it(self) -> None:
        order = shape_of(Order).read(with_(unknown=1))
        self.assertEqual(order, Order([Item(Sku("A"), 2)], Colour.RED, Delivery("Elm"), None))

    def test_a_mistake_is_named_with_its_place(self) -> None:
        self.refused(Order, with_(items=[{"sku": "A"}, {"sku": 7}]), "items[1].sku: expected a string, found 7")
        self.refused(Order, with_(items=[{"amount": 2}]), "items[0]: `sku` is missing")
        self.refused(Order, with_(items={}), "items: expected an array, found an object")
        self.refused(Order, with_(items=[{"sku": "A", "amount": 0}]), "items[0].amount: expected at least 1, found 0")
        self.refused(Order, with_(colour="green"), 'colour: expected "red" or "blue", found "green"')
        self.refused(Order, with_(labels={"a b": 1}), "labels.a b: expected a string, found 1")
        self.refused(Order, [], "expected an object, found an array")

    def test_of_alternatives_the_one_that_fits_best_is_explained(self) -> None:
        self.refused(Order, with_(address={"street": 1}), "address.street: expected a string, found 1")
        self.refused(int | str | None, [], "expected an integer or a string, found an array")

    def test_numbers_are_told_apart(self) -> None:
        self.assertEqual(shape_of(int).read(2**70), 2**70)
        self.assertIs(type(shape_of(float).read(2**70)), int)
        self.refused(int, 1.0, "expected an integer, found 1.0")
        self.refused(int, True, "expected an integer, found true")
        self.refused(float, "1", 'expected a number, found "1"')
        self.refused(bool, 1, "expected true or false, found 1")
        self.refused(Literal[1, "a"], True, 'expected 1 or "a", found true')

    def test_types_that_are_strings_in_json(self) -> None:
        for hint, text, value in [
            (datetime.datetime, "2026-10-21T07:28:00Z", datetime.datetime(2026, 10, 21, 7, 28, tzinfo=datetime.UTC)),
            (datetime.date, "2026-10-21", datetime.date(2026, 10, 21)),
            (uuid.UUID, "018f0000-0000-7000-8000-000000000000", uuid.UUID("018f0000-0000-7000-8000-000000000000")),
            (decimal.Decimal, "19.90", decimal.Decimal("19.90")),
        ]:
            self.assertEqual(shape_of(hint).read(text), value)
        self.refused(datetime.date, "soon", 'expected a date (ISO 8601), found "soon"')
        self.refused(decimal.Decimal, 1.5, "expected a decimal number as a string, found 1.5")

    def test_tuples_sets_and_generic_types(self) -> None:
        self.assertEqual(shape_of(Point).read([1, 2.5]), Point(1, 2.5))
        self.assertEqual(shape_of(tuple[int, ...]).read([1, 2]), (1, 2))
        self.assertEqual(shape_of(set[str]).read(["a", "a"]), {"a"})
        self.assertEqual(shape_of(dict[int, str]).read({"7": "a"}), {7: "a"})
        self.assertEqual(shape_of(Page[list[int]]).read({"items": [1]}), Page([1]))
        self.refused(tuple[int, str], [1], "expected an array of 2 items, found an array")
        self.refused(Page[list[int]], {"items": ["x"]}, 'items[0]: expected an integer, found "x"')

    def test_a_type_that_holds_itself(self) -> None:
        tree = {"name": "a", "branches": [{"name": "b", "branches": []}]}
        self.assertEqual(shape_of(Tree).read(tree), Tree("a", [Tree("b", [])]))
        self.refused(Tree, {"name": "a", "branches": [{"name": "b"}]}, "branches[0]: `branches` is missing")
        self.refused(Typed, {"below": [{"below": [1]}]}, "below[0].below[0]: expected an object, found 1")

    def test_a_typed_dict_keeps_what_it_does_not_name(self) -> None:
        self.assertEqual(shape_of(Typed).read({"below": [], "more": 1}), {"below": [], "more": 1})

    def test_the_checks_of_a_dataclass_count(self) -> None:
        @dataclass
        class Even:
            number: int

            def __post_init__(self) -> None:
                if self.number % 2:
                    raise ValueError(f"{self.number} is odd")

        self.refused(list[Even], [{"number": 2}, {"number": 3}], "[1]: 3 is odd")

    def test_a_type_that_is_no_json_is_refused_with_advice(self) -> None:
        class Model:
            @classmethod
            def model_validate(cls, value: Any) -> Any: ...

        for hint, words in [(bytes, "no JSON can be read as"), (dict[bytes, int], "bytes"), (Model, "pydantic")]:
            with self.assertRaisesRegex(Unsupported, words):
                shape_of(hint)


class Schemas(unittest.TestCase):
    def test_a_dataclass(self) -> None:
        schema = root_schema(shape_of(Item))
        self.assertEqual(
            schema,
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "Item",
                "description": "A position of an order.",
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "amount": {"type": "integer", "minimum": 1},
                    "note": {"type": ["string", "null"]},
                },
                "required": ["sku"],
            },
        )

    def test_what_is_in_it_is_referred_to(self) -> None:
        schema = root_schema(shape_of(Order))
        self.assertEqual(schema["properties"]["items"], {"type": "array", "items": {"$ref": "#/$defs/Item"}})
        self.assertEqual(schema["properties"]["colour"], {"$ref": "#/$defs/Colour"})
        self.assertEqual(schema["$defs"]["Colour"], {"enum": ["red", "blue"]})
        self.assertEqual(schema["required"], ["items", "colour", "address"])
        self.assertEqual(set(schema["$defs"]), {"Item", "Colour", "Pickup", "Delivery"})

    def test_a_type_that_holds_itself_refers_to_its_own_definition(self) -> None:
        schema = root_schema(shape_of(Tree))
        self.assertEqual(schema["properties"]["branches"]["items"], {"$ref": "#/$defs/Tree"})
        self.assertEqual(schema["$defs"]["Tree"]["type"], "object")

    def test_types_of_one_name_are_told_apart(self) -> None:
        first, second = (type("Same", (), {"__annotations__": {"a": kind}}) for kind in (int, str))
        shape = shape_of(tuple[dataclass(first), dataclass(second)])  # type: ignore[misc]
        schema = root_schema(shape)
        self.assertEqual(schema["prefixItems"], [{"$ref": "#/$defs/Same"}, {"$ref": "#/$defs/Same2"}])
        self.assertEqual(schema["$defs"]["Same2"]["properties"], {"a": {"type": "string"}})

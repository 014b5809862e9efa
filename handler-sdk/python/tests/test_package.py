"""The files of the package, in its repository."""

import importlib.util
import sys
import unittest
from pathlib import Path
from typing import Any

from tasker_handler._shape import root_schema, shape_of

PACKAGE = Path(__file__).parents[1] / "tasker_handler"
REPOSITORY = PACKAGE.parents[2]


class Files(unittest.TestCase):
    def test_the_contract_is_that_of_the_repository(self) -> None:
        copies = {
            "handler/handler.wit": "handler-sdk/wit/handler.wit",
            **{
                f"{name}/{name}.wit": f"handler-sdk/rust/wit/deps/{name}/{name}.wit" for name in ("config", "keyvalue", "logging")
            },
        }
        for copy, original in copies.items():
            self.assertEqual((PACKAGE / "wit/deps" / copy).read_text(), (REPOSITORY / original).read_text(), original)

    def test_generated_types_can_be_read(self) -> None:
        spec = importlib.util.spec_from_file_location("everything", REPOSITORY / "cli/tests/system/generated/everything.py")
        assert spec is not None and spec.loader is not None
        everything: Any = importlib.util.module_from_spec(spec)
        sys.modules["everything"] = everything
        spec.loader.exec_module(everything)
        shape = shape_of(everything.EverythingInput)
        given = {
            "address": {"street": "Elm"},
            "category": {"name": "a", "below": [{"name": "b", "below": []}]},
            "items": [{"amount": 1, "sku": "x"}],
            "note": None,
            "order_id": "DE-1",
            "type": "express",
            "undescribed": [1],
        }
        self.assertEqual(shape.read(given), given)
        schema = root_schema(shape)
        self.assertEqual(schema["$defs"]["Category"]["properties"]["below"]["items"], {"$ref": "#/$defs/Category"})
        with self.assertRaisesRegex(ValueError, r"category.below\[0\]: `below` is missing"):
            shape.read(given | {"category": {"name": "a", "below": [{"name": "b"}]}})


class Readme(unittest.TestCase):
    def test_its_handler_runs(self) -> None:
        text = (PACKAGE.parent / "README.md").read_text()
        names: dict[str, Any] = {"__name__": "readme"}
        module = type(sys)("readme")
        sys.modules["readme"] = module
        exec(compile(text.split("```python\n")[1].split("```")[0], "README.md", "exec"), names)
        module.__dict__.update(names)
        self.assertEqual(names["validate_order"](None, names["Order"](["tea"])), names["Validated"](1))

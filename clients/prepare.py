#!/usr/bin/env python3
"""Prints api/openapi.json as the generators of the clients need it.

    clients/prepare.py typescript|python < api/openapi.json

It only says the same in other words. Each part may go when the document says it so itself.
"""

import json
import sys

document = json.load(sys.stdin)
for_python = sys.argv[1:] == ["python"]
schemas = document["components"]["schemas"]


def without_description(schema: dict) -> dict:
    return {key: value for key, value in schema.items() if key != "description"}


def free(schema: dict) -> dict:
    """An object of which nothing is said stands for any JSON, such as a result."""
    kind = schema.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and set(kind) == {"object", "null"})
    if is_object and not schema.keys() & {"properties", "additionalProperties"}:
        return {key: value for key, value in schema.items() if key not in ("type", "format")}
    return schema


def flat(schema: dict) -> dict:
    """One object instead of an `allOf` in an `allOf`, of which the generator for Python loses the fields."""
    parts = schema.get("allOf", [])
    if for_python and parts and all("properties" in part or part.keys() <= {"description"} for part in parts):
        return one_object(schema)
    return schema


def visit(node):
    """Applies `free` and `flat` everywhere, inside first."""
    if isinstance(node, list):
        return [visit(item) for item in node]
    if isinstance(node, dict):
        return flat(free({key: visit(value) for key, value in node.items()}))
    return node


def one_object(schema: dict) -> dict:
    """One object with the fields of all variants, because the generator for Python makes a class of each variant, without a
    name, and none of variants that share fields."""
    parts = [resolved(part) for part in schema.get("allOf", schema.get("oneOf", []))]
    parts = [one_object(part) if "oneOf" in part else part for part in parts]
    properties: dict = {}
    for part in parts:
        for name, value in part.get("properties", {}).items():
            known = properties.setdefault(name, dict(value))
            for option in value.get("enum", []):
                if option not in known["enum"]:
                    known["enum"] = [*known["enum"], option]
    required = [name for name in properties if all(name in part.get("required", []) for part in parts)]
    if "allOf" in schema:
        required = [name for name in properties if any(name in part.get("required", []) for part in parts)]
    return {
        "type": "object",
        "description": schema.get("description", ""),
        "required": required,
        "properties": properties,
    }


def resolved(schema: dict) -> dict:
    return schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


if for_python:
    for name in ("TaskOperation", "CallableOperation"):
        if schemas.get(name, {}).keys() & {"allOf", "oneOf"}:
            schemas[name] = one_object(schemas[name])
    schemas.pop("TaskAction", None)

# Items are repeated in each page instead of named.
by_content = {json.dumps(without_description(schema), sort_keys=True): name for name, schema in schemas.items()}
for name, schema in schemas.items():
    items = schema.get("properties", {}).get("items", {}).get("items") if name.startswith("Page_") else None
    original = items and by_content.get(json.dumps(without_description(items), sort_keys=True))
    if original:
        schema["properties"]["items"]["items"] = {"$ref": f"#/components/schemas/{original}"}

# OpenAPI requires a description of each response.
for operations in document["paths"].values():
    for operation in operations.values():
        for response in operation["responses"].values():
            response.setdefault("description", "")

json.dump(visit(document), sys.stdout, indent=1)

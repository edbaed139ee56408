"""A structural check of JSON Schema, as far as tool parameters need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_SCHEMAS = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions", "patternProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")


def parameter_problems(parameters: Any) -> list[str]:
    """What keeps `parameters` from being the schema of a tool's arguments: an object with properties."""
    if not isinstance(parameters, dict):
        return ["parameters: must be a JSON Schema, a mapping with type: object"]
    if parameters.get("type") != "object":
        return ["parameters: its type must be object"]
    return list(schema_problems(parameters, "parameters"))


def schema_problems(schema: Any, where: str) -> Iterator[str]:
    """Every place where `schema` is no JSON Schema, as text that names the place."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{where}: must be a mapping"
        return
    if odd := [key for key in schema if not isinstance(key, str)]:
        yield f"{where}: the key {odd[0]!r} must be text"
        return
    yield from _type(schema, where)
    yield from _values(schema, where)
    for key in _SCHEMAS:
        if key in schema:
            yield from schema_problems(schema[key], f"{where}.{key}")
    for key in _LISTS:
        if key in schema:
            yield from _list(schema[key], f"{where}.{key}")
    for key in _MAPS:
        if key in schema:
            yield from _map(schema[key], f"{where}.{key}")
    yield from _required(schema, where)


def _type(schema: dict[str, Any], where: str) -> Iterator[str]:
    if "type" not in schema:
        return
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    for name in named:
        if not isinstance(name, str) or name not in TYPES:
            yield f"{where}: {name!r} is no type; there are {', '.join(sorted(TYPES))}"


def _values(schema: dict[str, Any], where: str) -> Iterator[str]:
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        yield f"{where}.enum: must be a list of at least one value"
    for key in ("description", "title", "pattern", "format", "$ref"):
        if key in schema and not isinstance(schema[key], str):
            yield f"{where}.{key}: must be text"
    for key in _NUMBERS:
        if key in schema and (isinstance(schema[key], bool) or not isinstance(schema[key], int | float)):
            yield f"{where}.{key}: must be a number"
    for key in _COUNTS:
        value = schema.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            yield f"{where}.{key}: must be a whole number, 0 or more"


def _list(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield f"{where}: must be a list of schemas"
        return
    for number, schema in enumerate(value):
        yield from schema_problems(schema, f"{where}[{number}]")


def _map(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: must be a mapping from names to schemas"
        return
    for name, schema in value.items():
        yield from schema_problems(schema, f"{where}.{name}")


def _required(schema: dict[str, Any], where: str) -> Iterator[str]:
    if "required" not in schema:
        return
    required = schema["required"]
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        yield f"{where}.required: must be a list of names"
        return
    properties = schema.get("properties", {})
    for name in required:
        if isinstance(properties, dict) and name not in properties:
            yield f"{where}.required: {name} is not among the properties"

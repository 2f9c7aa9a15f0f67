"""Answers of the admin API against its OpenAPI document: what a client that was made from the document relies on.

    document = Document(binary's build folder or the served object)
    document.check("GET", "/users/ada@example.org", 200, answer)      # Failure where it is not what the document says

Of JSON Schema it knows what the document uses; a word that it does not know is a Failure, too.
"""
from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "$ref", "format", "description",
         "minimum", "maximum", "maxLength", "contentMediaType"}


class Mismatch(Exception):
    """An answer is not as the document says."""


class Document:
    def __init__(self, api: dict[str, Any]) -> None:
        self.api = api
        self.answered: set[str] = set()  # operations that gave a good answer
        self._is_partial = False  # ?fields= was asked for
        self._paths: dict[int, list[tuple[list[str], dict[str, Any]]]] = {}  # by the number of their segments
        for path, item in sorted(api["paths"].items(), key=lambda one: one[0].count("{")):
            parts = path.split("/")
            self._paths.setdefault(len(parts), []).append((parts, item))

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation of a request: a path without braces comes first."""
        given = urlsplit(path).path.split("/")
        for parts, item in self._paths.get(len(given), []):
            if method.lower() in item and all(part == one or (part[:1] == "{" and one) for part, one in zip(parts, given)):
                return item[method.lower()]
        return None

    def check(self, method: str, path: str, status: int, answer: Any) -> None:
        where = f"{method} {unquote(path)}: {status}"
        operation = self.operation(method, path)
        if operation is None:
            if status // 100 == 2:
                raise Mismatch(f"{where}: a route that is not in the document")
            return
        responses = operation["responses"]
        if str(status) not in responses and status // 100 in (2, 3):
            raise Mismatch(f"{where}: a status that the document does not know")
        response = self._follow(responses.get(str(status), responses["default"]))
        content = response.get("content")
        self._is_partial = "fields=" in urlsplit(path).query and status == 200
        if not content:
            if answer is not None:
                raise Mismatch(f"{where}: an answer where the document knows none")
        elif "application/octet-stream" not in content:
            self._value(next(iter(content.values()))["schema"], answer, where)
        if status // 100 == 2:
            self.answered.add(operation["operationId"])

    def _follow(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            at: Any = self.api
            for part in value["$ref"][2:].split("/"):
                at = at[part]
            value = at
        return value

    def _value(self, schema: dict[str, Any], value: Any, where: str) -> None:
        schema = self._follow(schema)
        if set(schema) - KNOWN:
            raise Mismatch(f"{where}: the schema says {set(schema) - KNOWN}, which this test does not know")
        if "anyOf" in schema:
            self._any_of(schema["anyOf"], value, where)
        kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
        if kinds and not any(isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool) for kind in kinds):
            raise Mismatch(f"{where} is {value!r}, not {' or '.join(kinds)}")
        if "enum" in schema and value not in schema["enum"]:
            raise Mismatch(f"{where} is {value!r}, not one of {schema['enum']}")
        if schema.get("format") == "date-time" and value is not None and not re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            raise Mismatch(f"{where} is {value!r}, no date")
        if isinstance(value, list):
            for number, item in enumerate(value):
                self._value(schema.get("items", {}), item, f"{where}[{number}]")
        elif isinstance(value, dict):
            self._object(schema, value, where)

    def _any_of(self, schemas: list[dict[str, Any]], value: Any, where: str) -> None:
        faults = []
        for one in schemas:
            try:
                self._value(one, value, where)
                return
            except Mismatch as fault:
                faults.append(str(fault))
        raise Mismatch("; or ".join(faults))

    def _object(self, schema: dict[str, Any], value: dict[str, Any], where: str) -> None:
        properties = schema.get("properties", {})
        missing = set(schema.get("required", [])) - set(value)
        if missing and not self._is_partial:
            raise Mismatch(f"{where} lacks {', '.join(sorted(missing))}")
        for name, item in value.items():
            if name in properties:
                self._value(properties[name], item, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                raise Mismatch(f"{where}.{name} is not in the document")

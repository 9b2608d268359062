"""JSON Schema (draft-07) of module and customization files, for completion and hover in editors.

Rule: it is generated from the same definitions that check files; people's faults come from `checker`, not from here.
"""

from __future__ import annotations

from typing import Any

from yuanke.metadata.dialect.file import CUSTOMIZATION, MODULE
from yuanke.metadata.dialect.records import NAMED, RECORDS, Record


def definition_json_schema() -> dict[str, Any]:
    """The schema of a file of the dialect, a module or a customization; every key has a sentence."""
    definitions: dict[str, Any] = {
        "module": {**MODULE.body(), "required": ["module"]},
        "customization": {**CUSTOMIZATION.body(), "required": ["customization"]},
    }
    for name, shape in NAMED.items():
        if not isinstance(shape, Record):
            definitions[name] = shape.schema()
    while waiting := [name for name in RECORDS if name not in definitions]:
        for name in waiting:
            definitions[name] = {**RECORDS[name].body(), "description": RECORDS[name].told or RECORDS[name].name}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://yuanke.example/schema/module.json",
        "title": "Yuanke module or customization",
        "if": {"required": ["customization"]},
        "then": {"$ref": "#/definitions/customization"},
        "else": {"$ref": "#/definitions/module"},
        "definitions": definitions,
    }

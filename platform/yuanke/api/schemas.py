"""JSON Schema of field values, going out and coming in. In is wider than out: numbers or their text, links by id."""

from __future__ import annotations

from typing import Any

from yuanke.metadata.registry import Field
from yuanke.web.requests import Current

Json = dict[str, Any]
_TEXT: Json = {"type": ["string", "null"]}
_NUMBER: Json = {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$"}
OUT: dict[str, Json] = {
    "number": _NUMBER,
    "bool": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "choices": {"type": ["array", "null"], "items": {"type": "string"}},
    "json": {},
    "any": {},
    "duration": {},
}
INTEGERS = {"integer", "rating", "sequence"}


def field_schema(held: Current, field: Field, locale: str) -> Json:
    """What comes out."""
    kind = field.type.kind_of(field).name
    if field.rows:
        rows = held.unit.registry.entities[field.rows]
        inner = {
            key: field_schema(held, one, locale) for key, one in rows.fields.items() if not one.rows and not one.retired
        }
        schema: Json = {"type": "array", "items": {"type": "object", "properties": inner}}
    elif kind in ("links", "collection"):
        schema = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
    elif kind == "link":
        schema = {"anyOf": [{"$ref": "#/components/schemas/Link"}, {"type": "null"}]}
    elif field.type.name in INTEGERS:
        schema = {"type": ["integer", "null"]}
    elif field.options is not None and kind == "choice":
        schema = {"type": ["string", "null"]}
    else:
        schema = dict(OUT.get(kind, _TEXT))
    return {**schema, "title": field.label.say(locale)}


def written_schema(held: Current, field: Field, locale: str) -> Json:
    """What goes in."""
    kind = field.type.kind_of(field).name
    titled = {"title": field.label.say(locale)}
    if field.rows:
        return {"type": "array", "items": {"type": "object"}, **titled}
    if kind == "links":
        return {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "object"}], **titled}
    if kind == "link":
        return {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "object"}, {"type": "null"}], **titled}
    if field.options is not None:
        keys = [key for key, option in field.options.items() if not option.retired]
        return (
            {"type": "array", "items": {"enum": keys}, **titled}
            if field.multiple
            else {"enum": [*keys, None], **titled}
        )
    if kind == "number":
        return {"type": ["number", "string", "null"], **titled}
    schema = {**OUT.get(kind, _TEXT), **titled}
    if field.length and schema.get("type") == ["string", "null"]:
        schema["maxLength"] = field.length
    return schema


_STRING, _INTEGER = {"type": "string"}, {"type": "integer"}
FIXED: Json = {
    "Link": {
        "type": "object",
        "properties": {
            "id": {"type": ["integer", "null"]},
            "title": {"type": ["string", "null"]},
            "hidden": {"type": "boolean"},
            "entity": _STRING,
        },
        "required": ["id", "title"],
    },
    "Problem": {
        "type": "object",
        "properties": {
            "type": _STRING,
            "title": _STRING,
            "status": _INTEGER,
            "detail": _STRING,
            "code": _STRING,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"field": _STRING, "message": _STRING},
                    "required": ["field", "message"],
                },
            },
        },
        "required": ["type", "title", "status", "detail", "code"],
    },
    "HistoryEntry": {
        "type": "object",
        "properties": {
            "id": _INTEGER,
            "verb": _STRING,
            "at": {"type": "string", "format": "date-time"},
            "door": _STRING,
            "by": {"$ref": "#/components/schemas/Link"},
            "changes": {"type": "object"},
        },
    },
    "Outcome": {
        "type": "object",
        "properties": {
            "operation": {"enum": ["create", "update", "delete"]},
            "index": _INTEGER,
            "status": {"enum": ["created", "updated", "deleted", "failed"]},
            "id": {"type": ["integer", "null"]},
            "error": {"type": "object"},
        },
    },
    "Batch": {
        "type": "object",
        "properties": {
            "create": {"type": "array", "items": {"type": "object"}},
            "update": {"type": "array", "items": {"type": "object"}},
            "delete": {"type": "array", "items": {"anyOf": [_INTEGER, {"type": "object"}]}},
            "atomic": {"type": "boolean"},
        },
        "additionalProperties": False,
    },
    "SearchHit": {
        "type": "object",
        "properties": {"entity": _STRING, "id": _INTEGER, "title": _STRING, "field": _STRING, "snippet": _STRING},
    },
    "File": {
        "type": "object",
        "properties": {"id": _INTEGER, "name": _STRING, "size": _INTEGER, "type": _STRING},
        "required": ["id", "name", "size", "type"],
    },
    "Overlay": {"type": "object", "description": "The enterprise's own layer of the dialect"},
    "Import": {
        "type": "object",
        "properties": {
            "file": _INTEGER,
            "files": {"type": "object"},
            "mapping": {"type": "object"},
            "key": _STRING,
            "dry_run": {"type": "boolean"},
        },
        "additionalProperties": False,
    },
    "Export": {
        "type": "object",
        "properties": {
            "format": {"enum": ["csv", "xlsx"]},
            "filter": _STRING,
            "q": _STRING,
            "sort": {"type": "array", "items": _STRING},
            "view": _STRING,
            "columns": {"type": "array", "items": _STRING},
            "rows": _STRING,
        },
        "additionalProperties": False,
    },
    "Me": {
        "type": "object",
        "properties": {
            "id": {"type": ["integer", "null"]},
            "username": _STRING,
            "name": _STRING,
            "kind": _STRING,
            "locale": _STRING,
            "roles": {"type": "array", "items": _STRING},
            "department": {"type": ["object", "null"]},
            "enterprise": {"type": "object"},
        },
        "required": ["id", "username", "roles", "enterprise"],
    },
    "Job": {
        "type": "object",
        "properties": {
            "id": _INTEGER,
            "kind": _STRING,
            "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
            "progress": {"type": "number"},
            "said": _TEXT,
            "error": _TEXT,
            "result": {},
            "ended_at": _TEXT,
        },
        "required": ["id", "kind", "state", "progress"],
    },
}

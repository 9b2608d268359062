"""Shapes in the description that are the same for every enterprise; those of records come from their contracts."""

from __future__ import annotations

from typing import Any

from yuanke.api.fixed import Batch, Export, Import, NewKey
from yuanke.fieldtypes.link import LINK_SCHEMA

Json = dict[str, Any]
_TEXT: Json = {"type": ["string", "null"]}
_STRING, _INTEGER = {"type": "string"}, {"type": "integer"}
FIXED: Json = {
    "Link": {**LINK_SCHEMA, "properties": {**LINK_SCHEMA["properties"], "entity": _STRING}},
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
    "NewKeyMade": {
        "type": "object",
        "properties": {"id": _INTEGER, "name": _STRING, "prefix": _STRING, "key": _STRING},
        "required": ["id", "name", "prefix", "key"],
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
    **{one.__name__: one.described() for one in (Batch, Export, Import, NewKey)},
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

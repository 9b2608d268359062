"""Shapes in the description that are the same for every enterprise; those of records come from their contracts."""

from __future__ import annotations

from typing import Any

from yuanke.api.approvals import BODIES as APPROVALS
from yuanke.api.approvals_said import SCHEMAS as APPROVALS_SAID
from yuanke.api.automations import DryRun
from yuanke.api.fixed import Batch, DraftBody, DraftChoices, Export, Import, NewKey, Rollback
from yuanke.api.handing_bodies import BODIES as HANDING
from yuanke.fieldtypes.link import LINK_SCHEMA

Json = dict[str, Any]
_TEXT: Json = {"type": ["string", "null"]}
_STRING, _INTEGER = {"type": "string"}, {"type": "integer"}
_MOMENT: Json = {"type": "string", "format": "date-time"}
CUSTOMIZING: Json = {
    "Message": {"type": "object", "description": "A JSON-RPC message of the Model Context Protocol, streamable HTTP"},
    "Plan": {
        "type": "object",
        "properties": {
            "digest": _STRING,
            "version": _INTEGER,
            "speed": {"enum": ["safe", "slow", "destructive"]},
            "blocked": {"type": "boolean"},
            "steps": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["digest", "version", "speed", "blocked", "steps"],
    },
    "Applied": {
        "type": "object",
        "properties": {"version": _INTEGER, "digest": _STRING, "pending": _INTEGER},
        "required": ["version", "digest", "pending"],
    },
    "Version": {
        "type": "object",
        "properties": {
            "version": _INTEGER,
            "kind": _STRING,
            "reason": _TEXT,
            "at": _MOMENT,
            "by": {"type": ["object", "null"]},
            "steps": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["version", "kind", "reason", "at", "by"],
    },
    "Draft": {
        "type": "object",
        "properties": {
            "id": _INTEGER,
            "title": _STRING,
            "changes": _INTEGER,
            "made_at": _MOMENT,
            "changed_at": _MOMENT,
            "overlay": {"type": "object"},
            "differences": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["id", "title", "changes", "made_at", "changed_at"],
    },
}
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
            "told": {"type": "object", "description": "What an approval says: step, note, in whose place"},
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
    **{one.__name__: one.described() for one in APPROVALS},
    **APPROVALS_SAID,
    **{one.__name__: one.described() for one in (Batch, DryRun, Export, Import, NewKey)},
    **{one.__name__: one.described() for one in (DraftBody, DraftChoices, Rollback)},
    **{one.__name__: one.described() for one in HANDING},
    "Unread": {
        "type": "object",
        "properties": {"unread": _INTEGER, "capped": {"type": "boolean"}, "newest": {"type": ["integer", "null"]}},
        "required": ["unread", "capped", "newest"],
    },
    "ReadAll": {"type": "object", "properties": {"read": _INTEGER}, "required": ["read"]},
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
    **CUSTOMIZING,
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
            "label": _STRING,
            "said": _TEXT,
            "error": _TEXT,
            "result": {},
            "attempts": {"type": "integer"},
            "created_at": _STRING,
            "run_at": _STRING,
            "ended_at": _TEXT,
        },
        "required": ["id", "kind", "state", "progress"],
    },
    "Automation": {
        "type": "object",
        "properties": {
            "key": _STRING,
            "entity": _STRING,
            "name": _STRING,
            "label": _STRING,
            "trigger": {"enum": ["after", "before", "every", "at", "hook"]},
            "active": {"type": "boolean"},
            "paused": {"type": "boolean"},
            "declared": {"type": "object"},
            "runs": {"type": "object", "additionalProperties": {"type": "integer"}},
            "waiting": {"type": "integer"},
            "next": _TEXT,
            "last": {"anyOf": [{"$ref": "#/components/schemas/AutomationRun"}, {"type": "null"}]},
        },
        "required": ["key", "trigger", "active", "paused"],
    },
    "AutomationRun": {
        "type": "object",
        "properties": {
            "id": _INTEGER,
            "automation": _STRING,
            "entity": _STRING,
            "record": {"type": ["integer", "null"]},
            "event": _STRING,
            "state": {"enum": ["done", "skipped", "failed", "stopped"]},
            "said": _TEXT,
            "did": {"type": "array", "items": {"type": "object"}},
            "chain": {"type": "array", "items": _STRING},
            "job": {"type": ["integer", "null"]},
            "by": {"type": ["integer", "null"]},
            "at": _STRING,
        },
        "required": ["id", "automation", "state", "at"],
    },
    "Rehearsal": {
        "type": "object",
        "properties": {
            "state": {"enum": ["done", "skipped", "failed"]},
            "said": _TEXT,
            "changes": {"type": "array", "items": {"type": "object"}},
            "told": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["state", "changes", "told"],
    },
}

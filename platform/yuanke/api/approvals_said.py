"""What approvals look like in JSON, and how that is described.

The one rule: a value of a record is dumped by its field's type, here as everywhere.
"""

from __future__ import annotations

from typing import Any

from yuanke.api.work import instant
from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import Label
from yuanke.records.carried import titles_of
from yuanke.storage import Unit
from yuanke.web.language import locale
from yuanke.workflow.approvals import Item, Picture
from yuanke.workflow.approvals.inbox import Boxful
from yuanke.workflow.approvals.picture import Mine, Sitting, StopSeen
from yuanke.workflow.approvals.snapshot import Difference

Json = dict[str, Any]
_STRING: Json = {"type": "string"}
_TEXT: Json = {"type": ["string", "null"]}
_NUMBER: Json = {"type": ["integer", "null"]}


def boxful_json(found: Boxful, place: Place) -> Json:
    return {
        "result": [item_json(one) for one in found.items], "next": found.next, "count": found.count, "count_capped": found.count_capped,
    }  # fmt: skip


def item_json(one: Item) -> Json:
    """One line of a box; the title is null where the record is not the caller's to read any more."""
    field, value = one.amount or (None, None)
    amount = None if field is None or value is None else field.type.dump(field, value)
    return {
        "id": one.id, "task": one.task, "approval": one.approval, "entity": one.entity.key, "record": one.record,
        "title": one.title if one.seen else None, "amount": amount, "act": _said(one.act), "step": _said(one.step),
        "applicant": _person(one.applicant, one.applicant_name), "department": one.department or None, "state": one.state,
        "verdict": one.verdict, "submitted_at": instant(one.submitted_at), "opened_at": instant(one.opened_at), "due": instant(one.due),
        "decided_at": instant(one.decided_at), "unread": one.unread, "instead_of": one.instead_of or None,
    }  # fmt: skip


def picture_json(unit: Unit, actor: Actor, seen: Picture) -> Json:
    return {
        "id": seen.id, "entity": seen.entity.key, "record": seen.record, "act": _said(seen.act), "state": seen.state, "again": seen.again,
        "round": seen.round, "applicant": _person(seen.applicant, seen.applicant_name), "submitted_at": instant(seen.submitted_at),
        "ended_at": instant(seen.ended_at), "steps": [_stop(one) for one in seen.stops], "mine": _mine(seen.mine),
        "differences": [_difference(unit, actor, one) for one in seen.differences],
    }  # fmt: skip


def _stop(one: StopSeen) -> Json:
    return {
        "key": one.key, "label": _said(one.label), "state": one.state, "reason": one.reason, "mode": one.mode, "needed": one.needed,
        "after": list(one.after), "people": [_sitting(seat) for seat in one.people], "earlier": [_sitting(seat) for seat in one.earlier],
    }  # fmt: skip


def _sitting(seat: Sitting) -> Json:
    return {
        "user": _person(seat.person, seat.name), "state": seat.state, "task": seat.task, "verdict": seat.verdict, "why": seat.why,
        "added": seat.added, "note": seat.note, "files": [dict(one) for one in seat.files], "decided_by": seat.by,
        "opened_at": instant(seat.opened_at), "decided_at": instant(seat.decided_at), "due": instant(seat.due),
    }  # fmt: skip


def _mine(mine: Mine) -> Json:
    opened = [f"{key}.{inner}" for key, rows in mine.edit.items() for inner in sorted(rows)]
    opened += [key for key, rows in mine.edit.items() if not rows]
    return {
        "task": mine.task, "step": mine.step, "instead_of": mine.instead_of, "edit": sorted(opened),
        "return_to": [{"key": key, "label": _said(label)} for key, label in mine.return_to], "withdraw": mine.withdraw,
        "remind": mine.remind, "renew": mine.renew, "cc": mine.copy,
    }  # fmt: skip


def _difference(unit: Unit, actor: Actor, one: Difference) -> Json:
    path = one.field.key if one.rows is None else f"{one.rows.key}.{one.field.key}"
    before, after = _value(unit, actor, one, one.before), _value(unit, actor, one, one.after)
    return {"field": path, "row": one.row, "before": before, "after": after}


def _value(unit: Unit, actor: Actor, one: Difference, value: Any) -> Any:
    """A link shows the title that its reader may see."""
    if len(one.field.targets) != 1 or value is None:
        return value
    target = unit.registry.entities[one.field.targets[0]]
    ids = value if isinstance(value, list) else [value]
    titles = titles_of(unit, actor, target, ids)
    said = [
        {"id": at, "title": titles[at]} if at in titles else {"id": None, "title": None, "hidden": True} for at in ids
    ]
    return said if isinstance(value, list) else said[0]


def _person(person: int | None, name: str) -> Json | None:
    return None if person is None else {"id": person, "title": name}


def _said(label: Label | None) -> str | None:
    return label.say(locale()) if label is not None else None


_LINK: Json = {"anyOf": [{"$ref": "#/components/schemas/Link"}, {"type": "null"}]}
SCHEMAS: Json = {
    "ApprovalItem": {
        "type": "object",
        "properties": {
            "id": {"type": "integer"}, "task": _NUMBER, "approval": {"type": "integer"}, "entity": _STRING, "record": {"type": "integer"},
            "title": _TEXT, "amount": _TEXT, "act": _TEXT, "step": _TEXT, "applicant": _LINK, "department": _TEXT, "state": _STRING,
            "verdict": _TEXT, "submitted_at": _STRING, "opened_at": _TEXT, "due": _TEXT, "decided_at": _TEXT,
            "unread": {"type": "boolean"}, "instead_of": _TEXT,
        },
        "required": ["id", "task", "approval", "entity", "record", "title", "state"],
    },
    "Approval": {
        "type": "object",
        "properties": {
            "id": {"type": "integer"}, "entity": _STRING, "record": {"type": "integer"}, "act": _TEXT, "again": {"type": "boolean"},
            "state": {"enum": ["pending", "approved", "rejected", "returned", "withdrawn"]}, "round": {"type": "integer"},
            "applicant": _LINK, "submitted_at": _STRING, "ended_at": _TEXT, "steps": {"type": "array", "items": {"type": "object"}},
            "mine": {"type": "object"}, "differences": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["id", "entity", "record", "state", "steps", "mine"],
    },
    "ApprovalOutcomes": {
        "type": "object",
        "properties": {
            "result": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"task": {"type": "integer"}, "status": {"enum": ["done", "failed"]}, "error": {"type": "object"}},
                    "required": ["task", "status"],
                },
            }
        },
        "required": ["result"],
    },
}  # fmt: skip

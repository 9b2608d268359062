"""The contract of record bodies: a marshmallow Schema an entity, verb and set of fields, made from the Registry.

The one rule: it is made once and shared; no request builds one. In the good case nobody asks it: the door types what
comes in and `answers` dumps what goes out by the same field types, and tests hold both equal. A body that was refused
gets its sentences from here, and the description of the API its schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.utils import missing

from yuanke.access.grants import ENCLOSED, Grant, grant
from yuanke.api.members import UNKNOWN, Body, Closed, Json, Rows, Standing, Value, Version, Whole, by_path, given
from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Records
from yuanke.records.intake import unknown
from yuanke.storage import Unit

MOST_KEPT = 5_000


class Contract(Schema):
    """Bodies of one entity for those who may read and write the same fields of it."""

    class Meta:
        unknown = RAISE
        register = False  # marshmallow's own list of classes would keep every one for ever

    error_messages: ClassVar[dict[str, Any]] = {"unknown": UNKNOWN}  # type: ignore[misc]
    # an underscore, because a field of the entity may have any other name
    _entity: ClassVar[Entity]
    _verb: ClassVar[str]

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        found = given(obj, attr)
        return default if found is missing else found

    def faults(self, values: Mapping[str, Any], place: Place) -> dict[str, list[Message]]:
        """What is wrong with a body as such: path (``lines.0.price``) -> sentences; nothing when it is well-formed."""
        try:
            self.load(Body(values, place))
        except ValidationError as wrong:
            return by_path(wrong.messages, unknown)
        return {}

    def described(self, locale: str) -> Json:
        """JSON Schema (draft 2020-12) of a body, or of what is answered."""
        shown = {key: one.described(locale) for key, one in self.fields.items() if hasattr(one, "described")}
        needed = [key for key, one in self.fields.items() if one.required or isinstance(one, Whole)]
        schema: Json = {
            "type": "object",
            "title": self._entity.label.say(locale),
            "properties": {key: one for key, one in shown.items() if one is not None},
        }
        if needed:
            schema["required"] = needed
        return schema if self._verb == "read" else {**schema, "additionalProperties": False}


_kept: dict[Any, Contract] = {}
_lock = Lock()


def contract(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Contract:
    """The contract of ``read``, ``create`` or ``update`` for this actor."""
    return _of(unit, actor, entity, verb, grant(unit, actor, entity, verb))


def _of(unit: Unit, actor: Actor, entity: Entity, verb: str, held: Grant) -> Contract:
    below = {
        key: _below(unit, actor, field, verb)
        for key, field in entity.fields.items()
        if field.rows and not field.retired and key in held.readable | held.writable
    }
    key = (entity.key, entity.digest or id(entity), verb, held.readable, held.writable, tuple(below.values()))
    found = _kept.get(key)
    if found is None:
        made = _made(entity, verb, held, below)
        with _lock:
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            found = _kept.setdefault(key, made)
    return found


def _below(unit: Unit, actor: Actor, field: Field, verb: str) -> tuple[type[Contract], type[Contract] | None]:
    """Contracts of a new row and of one that stands: decided by the right to make the document, or to change it."""
    rows = unit.registry.entities[field.rows or ""]
    held = grant(unit, actor, rows, {"read": "read", "create": ENCLOSED}.get(verb, "update"))
    if verb != "update":
        return type(_of(unit, actor, rows, verb, held)), None
    return type(_of(unit, actor, rows, "create", held)), type(_of(unit, actor, rows, "update", held))


def _made(entity: Entity, verb: str, held: Grant, below: Mapping[str, Any]) -> Contract:
    members: dict[str, fields.Field] = {}
    for key, field in entity.fields.items():
        if not field.retired and key in held.readable | held.writable:
            members[key] = _member(field, verb, held, below.get(key))
    if verb == "read":
        members = {"id": Whole(), "version": Whole(), **{k: m for k, m in members.items() if k not in OUT_OF_SIGHT}}
    else:
        members["version"] = Version(verb == "create")
    return type(f"{entity.key}.{verb}", (Contract,), {**members, "_entity": entity, "_verb": verb})()


#: never among what goes out: those two go by themselves, what is binned is asked for by itself
OUT_OF_SIGHT = frozenset({"id", "version", "deleted_at"})


def _member(field: Field, verb: str, held: Grant, below: Any) -> fields.Field:
    if verb == "read":
        return Rows(field, below[0]) if below else Value(field, sent=False)
    if field.key not in held.writable or (verb == "update" and field.editable == "new"):
        as_it_begins = (
            verb == "create" and held.entity.workflow is not None and held.entity.workflow["field"] == field.key
        )
        return Standing(field) if (verb == "update" and field.has_column) or as_it_begins else Closed(field)
    must = verb == "create" and _needed(field)
    return Rows(field, *below, required=must) if below else Value(field, sent=True, required=must)


def _needed(field: Field) -> bool:
    """Whether every new record must say it: nothing else fills it."""
    filled = field.default is not None or field.type.default is not None or field.formula is not None
    return field.required and field.source == "typed" and field.visible_when is None and not filled


@contextmanager
def telling(records: Records, entity: str, verb: str, values: Mapping[str, Any]) -> Iterator[None]:
    """What is refused inside is told with everything that the contract finds wrong with ``values``."""
    try:
        yield
    except ValidationFailed as refused:
        raise told(records, entity, verb, values, refused) from refused


def told(
    records: Records, entity: str, verb: str, values: Mapping[str, Any], refused: ValidationFailed
) -> ValidationFailed:
    """``refused`` with the contract's faults of ``values``; where both speak of a place they say the same."""
    known, unit = records.entity(entity), records.unit
    if known.kind == "rows" and known.parent is not None:  # saved by its record, which calls it its first row
        first = f"{known.parent[1]}.0."
        return ValidationFailed({path.removeprefix(first): said for path, said in refused.errors.items()})
    if not records.may(entity, verb):
        return refused
    faults = contract(unit, records.actor, known, verb).faults(values, unit.place)
    return ValidationFailed({**refused.errors, **faults})

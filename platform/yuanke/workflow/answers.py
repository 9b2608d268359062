"""What an act asks, on the way in: unknown names refused, values parsed by their fields, every fault at its name.

The one rule: an answer that links to a record is taken only when the actor may see that record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.fieldtypes import ValueFault
from yuanke.fieldtypes.link import Unresolved
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Field
from yuanke.records.fetch import ids_within
from yuanke.records.intake import typed_value, unknown
from yuanke.records.keys import ids_by_key, no_such
from yuanke.storage import Unit
from yuanke.workflow.acts import Act, state_field


def take_answers(unit: Unit, actor: Actor, act: Act, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Typed answers by name, rows and sets of links as they were sent. Raises ValidationFailed."""
    faults: dict[str, list[Message]] = {}
    taken: dict[str, Any] = {}
    asks = asked_fields(act)
    for key, raw in sent.items():
        field = asks.get(key)
        if field is None:
            if key != "reason":  # a check may want one (otherwise: reason)
                faults[key] = [unknown(key)]
            elif raw:
                taken[key] = str(raw)[:1000]
            continue
        try:
            taken[key] = _taken(unit, actor, field, raw)
        except ValueFault as fault:
            faults[key] = [fault.said]
    for key, field in asks.items():
        if field.required and not _own(act, field) and taken.get(key) in (None, "", []):
            faults.setdefault(key, [message("{field} 不能为空", field=field.label)])
    if faults:
        raise ValidationFailed(faults)
    return taken


def asked_fields(act: Act) -> dict[str, Field]:
    """What is asked, and the state itself where the act leads to one of several."""
    asks = dict(act.ask)
    state = state_field(act.entity)
    if act.targets and state is not None:
        asks.setdefault(state.key, state)
    return asks


def own_answers(act: Act, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are fields of the record: they are saved with it."""
    return {key: value for key, value in asked.items() if key in act.ask and _own(act, act.ask[key])}


def _own(act: Act, field: Field) -> bool:
    return act.entity.fields.get(field.key) is field


def _taken(unit: Unit, actor: Actor, field: Field, raw: Any) -> Any:
    if field.rows or (field.pairs and not isinstance(raw, (list, tuple))):
        return raw
    if field.pairs:
        return [_seen(unit, actor, field, int(getattr(one, "id", one))) for one in raw]
    typed = typed_value(field, raw, unit.place)
    if isinstance(typed, Unresolved):
        target = unit.registry.entities[field.targets[0]]
        found = ids_by_key(unit, actor, target, {typed.text}, typed.field).get(typed.text)
        if found is None:
            raise ValueFault(no_such(typed.text, target))
        return found
    if field.targets and typed is not None and len(field.targets) == 1:
        return _seen(unit, actor, field, typed)
    return typed


def _seen(unit: Unit, actor: Actor, field: Field, record_id: int) -> int:
    target = unit.registry.entities[field.targets[0]]
    if record_id not in ids_within(unit, actor, target, "read", [record_id]):
        raise ValueFault(no_such(str(record_id), target))
    return record_id

"""What an approver may change of the record in his act: the fields that his step names, nothing else.

The one rule: rows that stand are changed, none are added or taken away; every rule of the record holds as in any save.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.access.grants import engine_of
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.records import Records
from yuanke.records.intake import closed, unknown
from yuanke.workflow.approvals.course import Seat
from yuanke.workflow.approvals.keeping import Running

OF_A_ROW = ("id", "position")


def edit(at: Running, seat: Seat, values: Mapping[str, Any]) -> None:
    """Save ``values`` (fields, and rows as lists of ``{id, field: value}``) as the engine for the approver."""
    from yuanke.workflow.approvals.ending import passing

    open_to = editable(at.entity, at.flow.by_key[seat.step].edit)
    faults: dict[str, list[Message]] = {}
    for key, value in values.items():
        field = at.entity.fields.get(key)
        if field is None or field.retired:
            faults[key] = [unknown(key)]
        elif key not in open_to:
            faults[key] = [closed(field)]
        elif field.rows:
            faults |= _of_rows(at.unit.registry.entities[field.rows], key, value, open_to[key])
    if faults:
        raise ValidationFailed(faults)
    with passing(at):
        Records(at.unit, engine_of(at.actor)).update(at.entity.key, at.record, values)


def editable(entity: Entity, paths: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """``[items.price, offset]`` -> ``{"items": {"price"}, "offset": {}}``; a field of rows named whole opens none of theirs."""
    found: dict[str, set[str]] = {}
    for path in paths:
        key, _, inner = path.partition(".")
        if key in entity.fields:
            found.setdefault(key, set()).update([inner] if inner else [])
    return {key: frozenset(inner) for key, inner in found.items()}


def _of_rows(rows: Entity, key: str, value: Any, open_to: frozenset[str]) -> dict[str, list[Message]]:
    if not isinstance(value, (list, tuple)):
        return {key: [message("{field} 应是一个列表", field=key)]}
    faults: dict[str, list[Message]] = {}
    for at, item in enumerate(value):
        if not isinstance(item, Mapping) or not isinstance(item.get("id"), int) or item.get("deleted"):
            faults[f"{key}.{at}"] = [message("这一步只能修改已有的行")]
            continue
        for name in item:
            field = rows.fields.get(name)
            if name not in OF_A_ROW and name not in open_to:
                faults[f"{key}.{at}.{name}"] = [closed(field) if field is not None else unknown(name)]
    return faults

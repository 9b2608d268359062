"""Which uploaded file somebody may open: his own, or one that a record names which he may read.

The one rule: nothing is opened because somebody knows its number; both faces ask here.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.records.door import Records
from yuanke.records.values import Condition, Query, Record
from yuanke.storage.files import FileInfo

#: where a file hangs that belongs to a decision of an approval
DECISION = "approval_task"


def may_open(records: Records, info: FileInfo, entity: str | None = None, record: int | None = None) -> bool:
    """``entity`` and ``record`` name the record it hangs on; RecordNotFound when that is not for this reader."""
    if entity == DECISION and record:
        return _of_decision(records, info, record)
    if entity and record:
        return holds(records.get(entity, record), info.id)
    if records.actor.is_admin or info.created_by == records.actor.user_id:
        return True
    return _hangs_on_something_readable(records, info)


def _of_decision(records: Records, info: FileInfo, task_id: int) -> bool:
    """What an approver laid beside his decision is read by whoever reads the record; RecordNotFound for others."""
    task = records.unit.tables[DECISION]
    row = records.unit.execute(
        sa.select(task.c.entity, task.c.record, task.c.files).where(task.c.id == task_id)
    ).first()
    if row is None:
        return False
    records.get(row.entity, row.record, ())
    return any(one.get("id") == info.id for one in row.files or ())


def holds(record: Record, file_id: int) -> bool:
    """Whether one of the fields that the reader sees, in the record or its rows, names the file."""
    for value in record.values.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Record) and holds(one, file_id):
                return True
            if isinstance(one, dict) and one.get("id") == file_id and "name" in one:
                return True
    return False


def _hangs_on_something_readable(records: Records, info: FileInfo) -> bool:
    """Whether an attachment of this content hangs on a record that the reader may read."""
    if "attachment" not in records.unit.registry.entities:
        return False
    engine = Records(records.unit, engine_of(records.actor))
    query = Query(conditions=(Condition("digest", "eq", info.sha256),), fields=("entity", "record"), count="none")
    return any(_readable(records, found.values) for found in engine.list("attachment", query).records)


def _readable(records: Records, place: dict[str, Any]) -> bool:
    try:
        records.get(str(place["entity"]), int(place["record"] or 0), ())
    except (RecordNotFound, AccessDenied):
        return False
    return True

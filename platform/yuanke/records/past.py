"""History as its reader may see it: only records he may read, only fields he may read, titles of today.

The one rule: an entry whose every change is hidden from the reader is not shown at all.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.carried import titles_of
from yuanke.records.reading import get_record
from yuanke.records.trail import HISTORY, TOLD
from yuanke.records.values import HistoryEntry, LinkValue
from yuanke.storage import Unit


def history(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    record_id: int,
    limit: int = 50,
    before: int | None = None,
) -> list[HistoryEntry]:
    """Newest first; ``before`` is the id of the last entry of the page before. Raises RecordNotFound as reading does."""
    get_record(unit, actor, entity, record_id, fields=())
    statement = sa.select(HISTORY).where(HISTORY.c.entity == entity.key, HISTORY.c.record == record_id)
    if before is not None:
        statement = statement.where(HISTORY.c.id < before)
    rows = unit.execute(statement.order_by(HISTORY.c.id.desc()).limit(limit)).all()
    people = titles_of(unit, actor, unit.registry.entities["user"], {row.by for row in rows if row.by is not None})
    reader = _Reader(unit, actor, record_id)
    shown = [(row, reader.visible(entity, row.changes)) for row in rows]
    return [
        HistoryEntry(
            row.id,
            row.verb,
            row.at,
            LinkValue(row.by, people.get(row.by, "")),
            row.door,
            changes,
            row.changes.get(TOLD, {}),
        )
        for row, changes in shown
        if changes or row.verb not in ("update",)
    ]


class _Reader:
    """Which changes one reader sees in the history of one record: the fields he may read there, not just somewhere."""

    def __init__(self, unit: Unit, actor: Actor, record_id: int) -> None:
        self.unit, self.actor, self.record_id = unit, actor, record_id
        self._readable: dict[str, frozenset[str]] = {}

    def visible(self, entity: Entity, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
        if entity.key not in self._readable:
            self._readable[entity.key] = self._read_here(entity)
        readable, fields = self._readable[entity.key], entity.fields
        kept = {k: v for k, v in changes.items() if k in readable and k in fields and _shown(fields[k])}
        return {key: self._pair(fields[key], value) for key, value in kept.items()}

    def _read_here(self, entity: Entity) -> frozenset[str]:
        """What is read in every row of the grant, and what is read in this record (in its rows, where they say it)."""
        given, table = grant(self.unit, self.actor, entity, "read"), self.unit.tables[entity.key]
        narrow = {
            key: condition for key in given.readable if (condition := given.field_condition(key, table)) is not None
        }
        if not narrow:
            return given.readable
        at = table.c[entity.parent_link] if entity.parent_link else table.c.id
        asked = sa.select(*(sa.case((one, 1), else_=0).label(key) for key, one in narrow.items()))
        row = self.unit.execute(asked.where(at == self.record_id).limit(1)).mappings().first()
        return given.readable - {key for key in narrow if row is None or not row[key]}

    def _pair(self, field: Field, change: Any) -> tuple[Any, Any]:
        before, after = ([*list(change), None, None])[:2]
        if field.rows:
            rows = self.unit.registry.entities[field.rows]
            return None, [{**line, "changes": self.visible(rows, line.get("changes", {}))} for line in after or []]
        if len(field.targets) == 1:
            return _titled(self.unit, self.actor, field, before), _titled(self.unit, self.actor, field, after)
        return before, after


def _shown(field: Field) -> bool:
    return not field.retired and field.more.get("history") is not False


def _titled(unit: Unit, actor: Actor, field: Field, value: Any) -> Any:
    """Ids become ``LinkValue`` with today's title; a target the reader may not see is hidden."""
    if value is None:
        return None
    target = unit.registry.entities[field.targets[0]]
    if isinstance(value, list):
        titles = titles_of(unit, actor, target, [v for v in value if isinstance(v, int)])
        return [LinkValue(v, titles[v]) if v in titles else LinkValue(None, None, True) for v in value]
    found = value.get("id") if isinstance(value, dict) else value
    title = titles_of(unit, actor, target, [found]).get(found) if isinstance(found, int) else None
    return LinkValue(found, title) if title is not None else LinkValue(None, None, True)

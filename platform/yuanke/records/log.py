"""The history of everything, for whoever may look into the system log: newest first, narrowed by what and by whom.

The one rule: it is the same append-only table as a record's own history; nothing is kept twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied
from yuanke.kernel.text import message
from yuanke.records.carried import titles_of
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit

MOST = 200


@dataclass(frozen=True)
class LogEntry:
    """``fields``: keys of what changed; ``title``: what the record is called today, None when it is gone for good."""

    id: int
    at: datetime
    by: int | None
    who: str | None
    verb: str
    entity: str
    record: int
    title: str | None
    door: str
    fields: tuple[str, ...]


def log(
    unit: Unit,
    actor: Actor,
    entity: str | None = None,
    by: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[LogEntry]:
    """Entries older than ``before`` (an id), newest first. Raises AccessDenied for everybody but administrators."""
    if not actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以查看系统日志"))
    columns = [HISTORY.c[name] for name in ("id", "at", "by", "verb", "entity", "record", "door", "changes")]
    statement = sa.select(*columns).order_by(HISTORY.c.id.desc()).limit(min(limit, MOST))
    for column, value in ((HISTORY.c.entity, entity), (HISTORY.c.by, by)):
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(HISTORY.c.id < before)
    rows = unit.execute(statement).all()
    engine = engine_of(actor)
    people = titles_of(unit, engine, unit.registry.entities["user"], {r.by for r in rows if r.by is not None})
    titles = {}
    for key in {row.entity for row in rows} & set(unit.registry.entities):
        ids = {row.record for row in rows if row.entity == key}
        titles[key] = titles_of(unit, engine, unit.registry.entities[key], ids)
    return [
        LogEntry(
            row.id, row.at, row.by, people.get(row.by), row.verb, row.entity, row.record,
            titles.get(row.entity, {}).get(row.record), row.door, tuple(row.changes or ()),
        )
        for row in rows
    ]  # fmt: skip

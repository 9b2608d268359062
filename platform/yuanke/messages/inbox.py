"""What people have been told and not read yet.

The one rule: one's own only. What it leads to opens under one's own rights.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.storage import Unit
from yuanke.storage.prepared import open_value, prepared, remembered

MESSAGES = "message"
#: more is not counted
MOST_COUNTED = 100
PAGE = 50


@dataclass(frozen=True)
class Told:
    """One message; ``by`` is who caused it, None for the system."""

    id: int
    kind: str
    text: str
    entity: str | None
    record: int | None
    at: datetime
    read: bool
    by: int | None
    by_name: str | None


@dataclass(frozen=True)
class Unread:
    """``count`` stops at `MOST_COUNTED`; ``newest`` is the id of the newest, 0 without one."""

    count: int
    newest: int

    @property
    def capped(self) -> bool:
        return self.count >= MOST_COUNTED


def unread(unit: Unit, actor: Actor) -> Unread:
    """How much waits; cheap, for it is asked by every open page every few seconds."""

    def make() -> Any:
        table = unit.tables[MESSAGES]
        mine = _waiting(table, open_value("to", table.c.to.type))
        newest = sa.select(table.c.id).where(mine).order_by(table.c.id.desc()).limit(MOST_COUNTED).subquery()
        return prepared(unit, sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(newest.c.id), 0)))

    (count,), (last,) = remembered(unit, ("unread",), make).columns(unit, to=actor.user_id)
    return Unread(count, last)


def messages_of(
    unit: Unit, actor: Actor, only_unread: bool = False, before: int | None = None, limit: int = PAGE, without: str = ""
) -> list[Told]:
    """Newest first; ``before`` is the id of the last one of the page before, ``without`` a kind that is left out."""
    table, user = unit.tables[MESSAGES], unit.tables["user"]
    columns = [
        table.c[key] for key in ("id", "kind", "text", "entity", "record", "created_at", "read_at", "created_by")
    ]
    statement = (
        sa.select(*columns, user.c.name)
        .select_from(table.outerjoin(user, user.c.id == table.c.created_by))
        .where(table.c.to == actor.user_id, table.c.deleted_at.is_(None))
    )
    if only_unread:
        statement = statement.where(table.c.read_at.is_(None))
    if before is not None:
        statement = statement.where(table.c.id < before)
    if without:
        statement = statement.where(table.c.kind != without)
    rows = unit.execute(statement.order_by(table.c.id.desc()).limit(limit))
    return [
        Told(r.id, r.kind or "notice", r.text or "", r.entity, r.record, r.created_at, r.read_at is not None, r.created_by, r.name)
        for r in rows
    ]  # fmt: skip


def is_read(unit: Unit, message_id: int) -> bool:
    """Whether it has been read, or is there no more."""
    table = unit.tables[MESSAGES]
    row = unit.execute(sa.select(table.c.read_at, table.c.deleted_at).where(table.c.id == message_id)).first()
    return row is None or row.read_at is not None or row.deleted_at is not None


def mark_read(unit: Unit, actor: Actor, ids: Iterable[int]) -> int:
    """Mark one's own among ``ids`` as read; how many were one's own, read before or not."""
    table = unit.tables[MESSAGES]
    mine = sa.and_(table.c.id.in_(sorted(set(ids))), table.c.to == actor.user_id, table.c.deleted_at.is_(None))
    unit.execute(table.update().where(mine, table.c.read_at.is_(None)).values(read_at=clock.now()))
    return unit.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()


def mark_all_read(unit: Unit, actor: Actor, up_to: int | None = None) -> int:
    """Mark everything as read, or only what is not newer than ``up_to``; how many there were."""
    table = unit.tables[MESSAGES]
    waiting = _waiting(table, sa.literal(actor.user_id, table.c.to.type))
    if up_to is not None:
        waiting = sa.and_(waiting, table.c.id <= up_to)
    return unit.execute(table.update().where(waiting).values(read_at=clock.now())).rowcount


def drop_read(unit: Unit, before: datetime, limit: int = 1_000) -> int:
    """Forget some messages that were read before an instant; how many."""
    table = unit.tables[MESSAGES]
    old = sa.select(table.c.id).where(table.c.read_at < before).limit(limit)
    return unit.execute(table.delete().where(table.c.id.in_(old))).rowcount


def _waiting(table: sa.Table, to: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.to == to, table.c.read_at.is_(None), table.c.deleted_at.is_(None))

"""Reminders: a line on the workbench that goes when it is done, when its condition holds, or with its record.

The one rule: the same (source, record, moment, person) is never told twice, however often it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.messages.preferences import people
from yuanke.messages.standing import Line, standing
from yuanke.messages.telling import LONGEST_TEXT, notify
from yuanke.storage import Unit
from yuanke.storage.prepared import open_row, prepared, remembered

REMINDERS = "reminder"
KIND = "reminder"
MOST_ASKED = 200


@dataclass(frozen=True)
class Reminder:
    id: int
    text: str
    kind: str
    entity: str | None
    record: int | None
    due: datetime | None


def remind(
    unit: Unit,
    to: Iterable[int | None],
    text: str,
    *,
    entity: str | None = None,
    record: int | None = None,
    key: str,
    due: date | datetime | None = None,
    until: Any = None,
    moment: date | datetime | None = None,
    kind: str = KIND,
) -> list[int]:
    """Put a line on the workbench of people; those who got it now.

    ``key`` names the source (an automation), ``moment`` the instant it is for: ``due`` where nothing is said, else this
    day. ``until`` is a condition on the record, as text or as an `Expression`; the line goes when it holds.
    """
    told = list(people(unit, to))
    at = _instant(unit, moment if moment is not None else due)
    when = at.isoformat() if at is not None else clock.today(unit.place.timezone).isoformat()
    said = {
        "kind": kind[:40], "text": text.strip()[:LONGEST_TEXT], "entity": entity, "record": record,
        "due": _instant(unit, due), "until": _source(until), "source": key[:120],
    }  # fmt: skip
    rows = [{"to": one, "mark": _mark(key, entity, record, when, one), **said} for one in told]
    fresh = _enter(unit, rows) if rows and said["text"] else []
    if fresh:
        notify(unit, fresh, text, entity=entity, record=record, kind=KIND)
    return fresh


def _enter(unit: Unit, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Write those that are new; for whom."""
    table, now = unit.tables[REMINDERS], clock.now()
    stamp = {"created_at": now, "updated_at": now, "version": 1}
    if len(rows) == 1:  # an automation goes through its records one by one

        def make() -> Any:
            return prepared(unit, _insert(unit).values(open_row(table, [*rows[0], *stamp])))

        return list((remembered(unit, ("reminder",), make).columns(unit, **rows[0], **stamp) or [()])[0])
    return [row.to for row in unit.execute(_insert(unit), [{**row, **stamp} for row in rows])]


def _insert(unit: Unit) -> Any:
    table = unit.tables[REMINDERS]
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(table)
    return insert.on_conflict_do_nothing().returning(table.c.to)


def _mark(*parts: Any) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def _instant(unit: Unit, said: date | datetime | None) -> datetime | None:
    """A day begins at midnight of the enterprise's zone."""
    if said is None or isinstance(said, datetime):
        return said
    return datetime.combine(said, time(0), ZoneInfo(unit.place.timezone))


def _source(until: Any) -> str | None:
    if until is None:
        return None
    return str(getattr(until, "source", until)).strip() or None


def reminders_of(unit: Unit, actor: Actor, limit: int = 20, till: datetime | None = None) -> list[Reminder]:
    """The lines that stand for this person now, the most urgent first; ``till``: due by then or without a time."""
    table = unit.tables[REMINDERS]
    mine = sa.and_(table.c.to == actor.user_id, table.c.done_at.is_(None), table.c.deleted_at.is_(None))
    if till is not None:
        mine = sa.and_(mine, sa.or_(table.c.due.is_(None), table.c.due <= till))
    asked = sa.select(*(table.c[key] for key in ("id", "text", "kind", "entity", "record", "due", "until")))
    ordered = asked.where(mine).order_by(sa.func.coalesce(table.c.due, table.c.created_at), table.c.id)
    found: list[Reminder] = []
    for at in range(0, 10 * MOST_ASKED, MOST_ASKED):
        rows = unit.execute(ordered.offset(at).limit(MOST_ASKED)).all()
        stand = standing(unit, actor, [Line(row.id, row.entity, row.record, row.until) for row in rows])
        found += [
            Reminder(row.id, row.text, row.kind or KIND, row.entity, row.record, row.due) for row in rows if row.id in stand
        ]  # fmt: skip
        if len(found) >= limit or len(rows) < MOST_ASKED:
            break
    return found[:limit]


def finish(unit: Unit, actor: Actor, reminder_id: int) -> None:
    """Done: one's own line goes, and what told of it counts as read. Raises RecordNotFound."""
    table, messages, now = unit.tables[REMINDERS], unit.tables["message"], clock.now()
    mine = sa.and_(table.c.id == reminder_id, table.c.to == actor.user_id, table.c.deleted_at.is_(None))
    row = unit.execute(sa.select(table.c.entity, table.c.record, table.c.done_at).where(mine)).first()
    if row is None:
        raise RecordNotFound()
    if row.done_at is not None:
        return
    done = {"done_at": now, "updated_at": now, "updated_by": actor.user_id, "version": table.c.version + 1}
    unit.execute(table.update().where(mine).values(done))
    told = sa.and_(
        messages.c.to == actor.user_id, messages.c.kind == KIND, messages.c.entity == row.entity, messages.c.record == row.record
    )  # fmt: skip
    unit.execute(messages.update().where(told, messages.c.read_at.is_(None)).values(read_at=now))


# -- once a day ---------------------------------------------------------------------------------------------------


def sweep(unit: Unit, after: int, limit: int = 500) -> tuple[int, int]:
    """Close lines whose condition holds or whose record is gone, of ``limit`` behind id ``after``: the last id looked at
    (0 at the end) and how many went. What people see is right without it; it keeps the table short."""
    table = unit.tables[REMINDERS]
    open_ = sa.and_(table.c.done_at.is_(None), table.c.deleted_at.is_(None), table.c.id > after)
    asked = sa.select(table.c.id, table.c.entity, table.c.record, table.c.until)
    rows = unit.execute(asked.where(open_).order_by(table.c.id).limit(limit)).all()
    engine = Actor(unit.enterprise.slug, None, engine=True)
    stand = standing(unit, engine, [Line(row.id, row.entity, row.record, row.until) for row in rows])
    gone = [row.id for row in rows if row.id not in stand]
    if gone:
        unit.execute(table.update().where(table.c.id.in_(gone)).values(done_at=clock.now()))
    return (rows[-1].id if len(rows) == limit else 0), len(gone)

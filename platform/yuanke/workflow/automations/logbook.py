"""The log of automations: one line a run, with what set it off and what it did.

The one rule: the line of a run that did something is written in the transaction of its effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import words
from yuanke.kernel import clock
from yuanke.kernel.text import Message
from yuanke.records.environment import StoredValues
from yuanke.storage import Unit
from yuanke.workflow.automations.tables import RUN

STATES = ("done", "skipped", "failed", "stopped")
MOST_TOLD = 50
DAYS_KEPT = 90


@dataclass(frozen=True)
class Entry:
    """One line: ``did`` is what the steps told, ``[verb, what]``; ``chain`` the runs that led here."""

    id: int
    automation: str
    entity: str
    record: int | None
    event: str
    state: str
    said: Message | None
    did: Sequence[Sequence[Any]]
    chain: Sequence[str]
    job: int | None
    by: int | None
    at: datetime


def line(
    address: str,
    record: int | None,
    event: str,
    state: str,
    *,
    said: Message | None = None,
    did: Sequence[tuple[str, Any]] = (),
    chain: Sequence[str] = (),
    job: int | None = None,
    by: int | None = None,
) -> dict[str, Any]:
    """The columns of one line."""
    return {
        "automation": address, "entity": address.partition(".")[0], "record": record, "event": event, "state": state,
        "said": words.kept(said), "did": [[verb, plain(what)] for verb, what in did[:MOST_TOLD]], "chain": list(chain),
        "job": job, "by": by, "at": clock.now(),
    }  # fmt: skip


def write(unit: Unit, *lines: Mapping[str, Any]) -> None:
    """Into the log."""
    if lines:
        unit.execute(RUN.insert(), [dict(one) for one in lines])


def write_again(unit: Unit, one: Mapping[str, Any]) -> None:
    """The line of a job of its own: it takes the place of what an earlier try of that job left."""
    if one["job"] is not None:
        unit.execute(RUN.delete().where(RUN.c.job == one["job"], RUN.c.state == "failed"))
    write(unit, one)


def entries(
    unit: Unit,
    automation: str | None = None,
    states: Sequence[str] = (),
    record: tuple[str, int] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """The newest lines, of one automation or all, of one record, older than line ``before``."""
    found = sa.select(RUN).order_by(RUN.c.id.desc()).limit(limit)
    if automation is not None:
        found = found.where(RUN.c.automation == automation)
    if states:
        found = found.where(RUN.c.state.in_(states))
    if record is not None:
        found = found.where(RUN.c.entity == record[0], RUN.c.record == record[1])
    if before is not None:
        found = found.where(RUN.c.id < before)
    return [_entry(row) for row in unit.execute(found)]


def entry(unit: Unit, line_id: int) -> Entry | None:
    row = unit.execute(sa.select(RUN).where(RUN.c.id == line_id)).first()
    return _entry(row) if row is not None else None


def last_runs(unit: Unit) -> dict[str, Entry]:
    """The newest line of each automation."""
    newest = sa.select(sa.func.max(RUN.c.id)).group_by(RUN.c.automation)
    return {row.automation: _entry(row) for row in unit.execute(sa.select(RUN).where(RUN.c.id.in_(newest)))}


def counts(unit: Unit, since: datetime) -> dict[str, dict[str, int]]:
    """address -> state -> lines since an instant."""
    found = sa.select(RUN.c.automation, RUN.c.state, sa.func.count()).where(RUN.c.at >= since)
    made: dict[str, dict[str, int]] = {}
    for address, state, n in unit.execute(found.group_by(RUN.c.automation, RUN.c.state)).tuples():
        made.setdefault(address, {})[state] = n
    return made


def purge(unit: Unit, before: datetime) -> int:
    """Forget lines older than an instant; how many."""
    return unit.execute(RUN.delete().where(RUN.c.at < before)).rowcount


def _entry(row: Any) -> Entry:
    return Entry(
        row.id, row.automation, row.entity, row.record, row.event, row.state, words.said(row.said), row.did or (),
        row.chain or (), row.job, row.by, row.at,
    )  # fmt: skip


def plain(what: Any) -> Any:
    """What a step tells, as JSON."""
    if isinstance(what, StoredValues):
        return {"entity": what.entity.key, "id": what.row.get("id")}
    if isinstance(what, Message):
        return what.say()
    if isinstance(what, Mapping):
        return {str(key): plain(value) for key, value in what.items()}
    if isinstance(what, (list, tuple, set, frozenset)):
        return [plain(one) for one in what]
    return what if what is None or isinstance(what, (bool, int, str)) else str(what)

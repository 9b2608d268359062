"""Putting jobs into the table and asking about them, always inside the caller's unit of work.

The one rule: a job is there exactly if what caused it was committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.jobs import words
from yuanke.jobs.kinds import kinds
from yuanke.jobs.tables import JOB, NOTE
from yuanke.jobs.waking import wake
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Message, message
from yuanke.storage import Unit
from yuanke.storage.restore import after_restore

OPEN = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """A job as its owner sees it. ``progress`` 0..1; ``said`` is what it does or did; ``error`` why it failed."""

    id: int
    kind: str
    state: str
    progress: float
    said: Message | None
    arguments: Mapping[str, Any]
    result: Any
    error: Message | None
    created_by: int | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.state not in OPEN


def enqueue(
    unit: Unit,
    actor: Actor,
    kind: str,
    arguments: Mapping[str, Any],
    run_at: datetime | None = None,
    dedupe: str | None = None,
    once: str = "ever",
) -> int:
    """Queue a job in this transaction; the id of the job, also of the one that was there under the same ``dedupe`` key.

    ``once``: ``ever`` = one job for this key as long as it is kept; ``pending`` = one that has not begun yet. The actor
    at run time is this user with the rights he has then; without a user the engine, or the command line as admin.
    """
    if kind not in kinds():
        raise ValueError(f"no plugin brings the job kind {kind!r}")
    now = clock.now()
    row = {
        "kind": kind,
        "arguments": dict(arguments),
        "state": "queued",
        "progress": 0.0,
        "run_at": run_at or now,
        "attempts": 0,
        "cancel_asked": False,
        "acting": _acting(actor),
        "created_by": actor.user_id,
        "created_at": now,
        "dedupe": dedupe,
        "once": once,
    }
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(JOB)
    statement = insert.values(row).on_conflict_do_nothing(index_elements=["kind", "dedupe"]).returning(JOB.c.id)
    made = unit.execute(statement).scalar()
    if made is None:
        made = unit.execute(sa.select(JOB.c.id).where(JOB.c.kind == kind, JOB.c.dedupe == dedupe)).scalar_one()
    unit.after_commit(lambda: wake(unit.installation, unit.enterprise.slug))
    return int(made)


def _acting(actor: Actor) -> str:
    if actor.engine:
        return "engine"
    return "user" if actor.user_id is not None else "command"


def find(unit: Unit, actor: Actor, job_id: int) -> Job:
    """One's own job (an administrator: any); RecordNotFound otherwise."""
    row = unit.execute(sa.select(JOB).where(JOB.c.id == job_id, _visible(actor))).first()
    if row is None:
        raise RecordNotFound(message("没有找到这个任务"))
    return _job(row)


def recent(unit: Unit, actor: Actor, kind: str | None = None, limit: int = 20) -> list[Job]:
    """The newest jobs that the actor may see, of one kind or all."""
    statement = sa.select(JOB).where(_visible(actor)).order_by(JOB.c.id.desc()).limit(limit)
    if kind is not None:
        statement = statement.where(JOB.c.kind == kind)
    return [_job(row) for row in unit.execute(statement)]


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.is_admin else sa.and_(JOB.c.created_by == actor.user_id, JOB.c.acting == "user")


def _job(row: Any) -> Job:
    return Job(
        row.id,
        row.kind,
        row.state,
        row.progress,
        words.said(row.said),
        row.arguments,
        row.result,
        words.said(row.error),
        row.created_by,
        row.created_at,
        row.ended_at,
    )


def cancel(unit: Unit, actor: Actor, job_id: int) -> Job:
    """Stop a job: a queued one at once, a running one at its next step (what it did before stays)."""
    job = find(unit, actor, job_id)
    now = clock.now()
    mine = JOB.c.id == job.id
    unit.execute(
        JOB.update().where(mine, JOB.c.state == "queued").values(state="cancelled", ended_at=now, cancel_asked=True)
    )
    unit.execute(JOB.update().where(mine, JOB.c.state == "running").values(cancel_asked=True))
    return find(unit, actor, job_id)


def notes(unit: Unit, job: Job, after: int = 0, limit: int = 200) -> Sequence[tuple[int, Any]]:
    """(row number, body) of what the job said about rows, by row, behind row ``after``."""
    statement = sa.select(NOTE.c.row, NOTE.c.body).where(NOTE.c.job == job.id, NOTE.c.row > after)
    return [(row.row, row.body) for row in unit.execute(statement.order_by(NOTE.c.row, NOTE.c.id).limit(limit))]


def stop_restored(unit: Unit) -> None:
    """A restored copy does nothing by itself: what waited or ran in the original ends here as stopped."""
    ended = {"state": "cancelled", "ended_at": clock.now(), "cancel_asked": True}
    unit.execute(JOB.update().where(JOB.c.state.in_(OPEN)).values(ended))


after_restore.append(stop_restored)


def purge_finished(unit: Unit, before: datetime) -> int:
    """Forget jobs that ended before an instant, with their notes; how many."""
    old = sa.and_(JOB.c.state.not_in(OPEN), JOB.c.ended_at < before)
    unit.execute(NOTE.delete().where(NOTE.c.job.in_(sa.select(JOB.c.id).where(old))))
    return unit.execute(JOB.delete().where(old)).rowcount

"""Putting jobs into the table and asking about them, always inside the caller's unit of work.

The one rule: a job is there exactly if what caused it was committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import Message, message
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, open_row, prepared, remembered
from yuanke.storage.restore import after_restore

OPEN = ("queued", "running")
STATES = (*OPEN, "done", "failed", "cancelled")


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
    run_at: datetime
    started_at: datetime | None
    attempts: int
    acting: str
    cancel_asked: bool

    @property
    def ended(self) -> bool:
        return self.state not in OPEN

    @property
    def may_retry(self) -> bool:
        return self.state in ("failed", "cancelled")


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
    row = _queued(actor, kind, arguments, run_at, dedupe, once)

    def make() -> Prepared:  # what nearly every save leaves behind is kept ready
        insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(JOB).values(open_row(JOB, row))
        return prepared(unit, insert.on_conflict_do_nothing(index_elements=["kind", "dedupe"]).returning(JOB.c.id))

    made = remembered(unit, ("enqueue",), make).scalar(unit, **row)
    if made is None:
        made = unit.execute(sa.select(JOB.c.id).where(JOB.c.kind == kind, JOB.c.dedupe == dedupe)).scalar_one()
    _wake_after(unit)
    return int(made)


def enqueue_all(
    unit: Unit, actor: Actor, kind: str, many: Iterable[Mapping[str, Any]], run_at: datetime | None = None
) -> None:
    """Queue a job for each of these arguments in one statement."""
    rows = [_queued(actor, kind, arguments, run_at, None, "ever") for arguments in many]
    if rows:
        unit.execute(JOB.insert(), rows)
        _wake_after(unit)


def enqueue_by(unit: Unit, actor: Actor, kind: str, moment: datetime) -> None:
    """There is one waiting job of this kind; it begins at ``moment`` or earlier. Nothing is written when it does."""
    waiting = sa.select(JOB.c.run_at).where(JOB.c.kind == kind, JOB.c.dedupe == kind, JOB.c.state == "queued")
    held = unit.execute(waiting).scalar()
    if held is not None and held <= moment:
        return
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(JOB)
    insert = insert.values(_queued(actor, kind, {}, moment, kind, "pending"))
    earlier = {"run_at": insert.excluded.run_at}
    unit.execute(
        insert.on_conflict_do_update(
            index_elements=["kind", "dedupe"], set_=earlier, where=JOB.c.run_at > insert.excluded.run_at
        )
    )
    _wake_after(unit)


def _queued(
    actor: Actor, kind: str, arguments: Mapping[str, Any], run_at: datetime | None, dedupe: str | None, once: str
) -> dict[str, Any]:
    now = clock.now()
    return {
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


def _wake_after(unit: Unit) -> None:
    """Once this transaction stands: one word to the runners, however many jobs were queued in it."""
    if "jobs queued" not in unit.kept:
        unit.kept["jobs queued"] = True
        unit.after_commit(lambda: wake(unit.installation, unit.enterprise.slug))


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


def recent(
    unit: Unit,
    actor: Actor,
    kind: str | None = None,
    limit: int = 20,
    states: Sequence[str] = (),
    before: int | None = None,
) -> list[Job]:
    """The newest jobs that the actor may see, of one kind or all, in these states or any, older than job ``before``."""
    statement = sa.select(JOB).where(_visible(actor)).order_by(JOB.c.id.desc()).limit(limit)
    if kind is not None:
        statement = statement.where(JOB.c.kind == kind)
    if states:
        statement = statement.where(JOB.c.state.in_(states))
    if before is not None:
        statement = statement.where(JOB.c.id < before)
    return [_job(row) for row in unit.execute(statement)]


def counts(unit: Unit, actor: Actor) -> dict[str, int]:
    """How many jobs the actor may see in each state."""
    found = sa.select(JOB.c.state, sa.func.count()).where(_visible(actor)).group_by(JOB.c.state)
    return dict.fromkeys(STATES, 0) | dict(unit.execute(found).tuples().all())


def next_moment(unit: Unit) -> datetime | None:
    """When it is worth looking again: the next job begins, or the lease of a running one may have run out."""
    mine = JOB.c.kind.in_(list(kinds()))
    waits = sa.select(sa.func.min(JOB.c.run_at)).where(JOB.c.state == "queued", mine).scalar_subquery()
    leased = sa.select(sa.func.min(JOB.c.lease_until)).where(JOB.c.state == "running", mine).scalar_subquery()
    return min((m for m in unit.execute(sa.select(waits, leased)).one() if m is not None), default=None)


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
        row.run_at,
        row.started_at,
        row.attempts,
        row.acting,
        row.cancel_asked,
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


def retry(unit: Unit, actor: Actor, job_id: int) -> Job:
    """Put a failed or stopped job back into the queue: its attempts begin anew, a long one goes on where it was."""
    job = find(unit, actor, job_id)
    again = {
        "state": "queued", "attempts": 0, "run_at": clock.now(), "lease": None, "lease_until": None,
        "cancel_asked": False, "error": None, "ended_at": None,
    }  # fmt: skip
    back = JOB.update().where(JOB.c.id == job.id, JOB.c.state.in_(("failed", "cancelled"))).values(again)
    if unit.execute(back).rowcount != 1:
        raise Refused(message("只有失败或已停止的任务可以重试"))
    _wake_after(unit)
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

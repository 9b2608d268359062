"""One turn: take a due job, run it, write what came of it.

The one rule: whoever writes an outcome must hold the lease; a turn that died is noticed by its lease alone.
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import words
from yuanke.jobs.kinds import LongJob, kinds
from yuanke.jobs.run import LEASE_SECONDS, Cancelled, LeaseLost, Run, actor_at_run_time, hold
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refusal, TooManyRequests, Unavailable
from yuanke.kernel.text import Message, message
from yuanke.storage import Installation, Unit

MOST_ATTEMPTS = 5
FIRST_PAUSE = 10.0  # seconds; each further pause is four times as long
HEARTBEAT = LEASE_SECONDS / 3
log = logging.getLogger("yuanke.jobs")


def run_pending(installation: Installation, enterprise: Enterprise | str, limit: int = 1000) -> int:
    """Run what is due in one enterprise, one after the other, in this thread; how many turns were taken."""
    taken = 0
    while taken < limit and run_next(installation, enterprise):
        taken += 1
    return taken


def run_job(installation: Installation, enterprise: Enterprise | str, job_id: int) -> bool:
    """Run this job now if it is due; False when it was not (somebody else has it, or it ended)."""
    return run_next(installation, enterprise, only=job_id)


def run_next(installation: Installation, enterprise: Enterprise | str, only: int | None = None) -> bool:
    """Take one turn; False when nothing was due."""
    at = installation.enterprise(enterprise) if isinstance(enterprise, str) else enterprise
    known = kinds()
    with installation.unit(at) as unit:  # most looks find nothing: they take no write lock
        if unit.head.state != "active" or unit.execute(_due(clock.now(), known, only)).first() is None:
            return False
    lease = uuid.uuid4().hex
    with installation.unit(at, write=True) as unit:
        row = _claim(unit, lease, known, only)
    if row is not None:
        _take_turn(installation, at, row, lease, known[row.kind])
    return row is not None


def _due(now: datetime, known: Any, only: int | None) -> sa.Select[Any]:
    """The oldest job that waits and may begin, or whose turn died."""
    waits = sa.and_(JOB.c.state == "queued", JOB.c.run_at <= now)
    died = sa.and_(JOB.c.state == "running", JOB.c.lease_until < now)
    statement = (
        sa.select(JOB).where(sa.or_(waits, died), JOB.c.kind.in_(list(known))).order_by(JOB.c.run_at, JOB.c.id).limit(1)
    )
    return statement if only is None else statement.where(JOB.c.id == only)


def _claim(unit: Unit, lease: str, known: Any, only: int | None) -> Any:
    now = clock.now()
    statement = _due(now, known, only)
    if unit.dialect == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    while (row := unit.execute(statement).first()) is not None:
        mine = JOB.update().where(JOB.c.id == row.id)
        if row.attempts >= MOST_ATTEMPTS:
            unit.execute(mine.values(_failed(_DEAD, now)))
            continue
        unit.execute(
            mine.values(
                state="running",
                attempts=row.attempts + 1,
                lease=lease,
                lease_until=clock.after(LEASE_SECONDS),
                started_at=row.started_at or now,
                dedupe=None if row.once == "pending" else row.dedupe,
            )
        )
        return row
    return None


def _take_turn(installation: Installation, at: Enterprise, row: Any, lease: str, kind: Any) -> None:
    """Run a claimed job and keep its outcome; never raises for what the job does wrong."""
    try:
        if isinstance(kind, LongJob):
            _run_long(installation, at, row, lease, kind)
        else:
            _run_short(installation, at, row, lease, kind)
    except LeaseLost:
        log.warning("job %s of %s was taken over by another turn", row.id, at.slug)
    except Cancelled:
        _end(installation, at, row.id, lease, {"state": "cancelled", "lease": None, "ended_at": clock.now()})
    except Refusal as refusal:
        if isinstance(refusal, (Unavailable, TooManyRequests)):
            _try_again(installation, at, row, lease, refusal.said)
        else:
            _end(installation, at, row.id, lease, _failed(refusal.said, clock.now()))
    except Exception:
        log.exception("job %s (%s) of %s failed", row.id, row.kind, at.slug)
        _try_again(installation, at, row, lease, _BROKE)


def _run_short(installation: Installation, at: Enterprise, row: Any, lease: str, kind: Any) -> None:
    """One transaction for the work and for saying that it is done: the effect stands once, whatever happens."""
    with installation.unit(at, write=True) as unit:
        hold(unit, row.id, lease)
        actor = actor_at_run_time(unit, row.acting, row.created_by)
        result = kind(unit, actor, row.arguments, lambda *_said: None)
        _write_end(unit, row.id, lease, _done(result))


def _run_long(installation: Installation, at: Enterprise, row: Any, lease: str, kind: LongJob) -> None:
    run = Run(
        installation,
        at,
        row.id,
        lease,
        row.arguments,
        row.acting,
        row.created_by,
        dict(row.checkpoint or {}),
        row.progress,
        words.said(row.said),
        row.result,
    )
    with _heartbeat(installation, at, row.id, lease):
        result = kind.run(run)
    _end(installation, at, row.id, lease, {**_done(result), "said": words.kept(run.said)})


@contextmanager
def _heartbeat(installation: Installation, at: Enterprise, job_id: int, lease: str) -> Iterator[None]:
    """Hold the lease while the block runs, however long one step of it takes."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            try:
                with installation.unit(at, write=True) as unit:
                    mine = JOB.update().where(JOB.c.id == job_id, JOB.c.lease == lease, JOB.c.state == "running")
                    unit.execute(mine.values(lease_until=clock.after(LEASE_SECONDS)))
            except Exception:  # a missed beat is made up for by the next; a lost lease shows at the next step
                log.warning("no heartbeat for job %s of %s", job_id, at.slug, exc_info=True)

    thread = threading.Thread(target=beat, name=f"job-{job_id}-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _try_again(installation: Installation, at: Enterprise, row: Any, lease: str, said: Message) -> None:
    with installation.unit(at, write=True) as unit:
        attempts = unit.execute(sa.select(JOB.c.attempts).where(JOB.c.id == row.id, JOB.c.lease == lease)).scalar()
        if attempts is None:
            return
        if attempts >= MOST_ATTEMPTS:
            _write_end(unit, row.id, lease, _failed(said, clock.now()))
            return
        pause = FIRST_PAUSE * 4 ** (attempts - 1) * random.uniform(0.8, 1.2)
        again = {
            "state": "queued",
            "run_at": clock.now() + timedelta(seconds=pause),
            "lease": None,
            "error": words.kept(said),
        }
        _write_end(unit, row.id, lease, again)


def _end(installation: Installation, at: Enterprise, job_id: int, lease: str, values: dict[str, Any]) -> None:
    try:
        with installation.unit(at, write=True) as unit:
            _write_end(unit, job_id, lease, values)
    except LeaseLost:
        log.warning("job %s of %s was taken over by another turn", job_id, at.slug)


def _write_end(unit: Unit, job_id: int, lease: str, values: dict[str, Any]) -> None:
    written = unit.execute(
        JOB.update().where(JOB.c.id == job_id, JOB.c.lease == lease).values({**values, "lease_until": None})
    )
    if written.rowcount != 1:
        raise LeaseLost


def _done(result: Any) -> dict[str, Any]:
    return {"state": "done", "progress": 1.0, "result": result, "error": None, "lease": None, "ended_at": clock.now()}


def _failed(said: Message, now: datetime) -> dict[str, Any]:
    return {"state": "failed", "error": words.kept(said), "lease": None, "lease_until": None, "ended_at": now}


_BROKE = message("任务出错，已记入日志；请稍后再试，仍不行请联系管理员")
_DEAD = message("任务多次中断，已停止重试；请联系管理员")

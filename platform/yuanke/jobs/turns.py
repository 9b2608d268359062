"""One turn: take a due job, run it, write what came of it, and perhaps take the next in the same transaction.

The one rule: whoever writes an outcome must hold the lease; a turn that died is noticed by its lease alone.
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import words
from yuanke.jobs.claims import Claims, failed
from yuanke.jobs.kinds import Failure, LongJob, ShortJob
from yuanke.jobs.run import LEASE_SECONDS, Cancelled, LeaseLost, Run, actor_at_run_time, hold
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refusal, TooManyRequests, Unavailable
from yuanke.kernel.text import Message, message
from yuanke.storage import Installation, Unit

HEARTBEAT = LEASE_SECONDS / 3
log = logging.getLogger("yuanke.jobs")


def run_pending(installation: Installation, enterprise: Enterprise | str, limit: int = 1000) -> int:
    """Run what is due in one enterprise, one after the other, in this thread; how many turns were taken."""
    taken = 0
    while left := limit - taken:
        ran = run_next(installation, enterprise, go_on=left.__gt__)
        if not ran:
            break
        taken += ran
    return taken


def run_job(installation: Installation, enterprise: Enterprise | str, job_id: int) -> bool:
    """Run this job now if it is due; False when it was not (somebody else has it, or it ended)."""
    return bool(run_next(installation, enterprise, only=job_id))


def run_next(
    installation: Installation,
    enterprise: Enterprise | str,
    only: int | None = None,
    long: bool = True,
    go_on: Callable[[int], bool] = lambda done: False,
    began_long: Callable[[], None] = lambda: None,
) -> int:
    """Take the oldest due job, and while ``go_on(how many were run)`` short ones behind it; how many were run.

    ``long=False``: long work is left alone; ``began_long`` is told when some is taken.
    """
    at = installation.enterprise(enterprise) if isinstance(enterprise, str) else enterprise
    claims = Claims(uuid.uuid4().hex, only, long)
    with installation.unit(at) as unit:  # most looks find nothing: they take no write lock
        if unit.head.state != "active" or not claims.any_due(unit):
            return 0
    with installation.unit(at, write=True) as unit:
        row = claims.take(unit)
    done = 0
    while row is not None:
        kind = claims.kinds[row.kind]
        if claims.is_long(row.kind):
            began_long()
        done += 1
        row = Turn(installation, at, row, kind, claims, partial(go_on, done) if only is None else _never).take()
    return done


def _never() -> bool:
    return False


@dataclass
class Turn:
    """A claimed job on its way; never raises for what the job does wrong. ``go_on`` is asked when it ends whether the next
    is to be taken with its outcome."""

    installation: Installation
    at: Enterprise
    row: Any
    kind: LongJob | ShortJob
    claims: Claims
    go_on: Callable[[], bool]
    following: Any = None

    def take(self) -> Any:
        """Run it and keep its outcome; the row of the job that was taken after it, or None."""
        try:
            if isinstance(self.kind, LongJob):
                self._run_long(self.kind)
            else:
                self._run_short(self.kind)
        except LeaseLost:
            self._lost()
        except Cancelled:
            self._end({"state": "cancelled", "lease": None, "ended_at": clock.now()})
        except Refusal as refusal:
            busy = isinstance(refusal, (Unavailable, TooManyRequests))
            self._went_wrong(words.reason(refusal), again=busy)
        except Exception:
            log.exception("job %s (%s) of %s failed", self.row.id, self.row.kind, self.at.slug)
            self._went_wrong(_BROKE, again=True)
        return self.following

    def _run_short(self, kind: ShortJob) -> None:
        """One transaction for the work and for saying that it is done: the effect stands once, whatever happens."""
        following = None
        with self.installation.unit(self.at, write=True) as unit:
            hold(unit, self.row.id, self.claims.lease)
            actor = actor_at_run_time(unit, self.row.acting, self.row.created_by)
            unit.kept["job"] = self.row.id
            result = kind.run(unit, actor, self.row.arguments, lambda *_said: None)
            self._write(unit, _done(result))
            following = self._next(unit)
        self.following = following

    def _run_long(self, kind: LongJob) -> None:
        row, lease = self.row, self.claims.lease
        run = Run(
            self.installation,
            self.at,
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
        with self._heartbeat():
            result = kind.run(run)
        self._end({**_done(result), "said": words.kept(run.said)})

    @contextmanager
    def _heartbeat(self) -> Iterator[None]:
        """Hold the lease while the block runs, however long one step of it takes."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT):
                try:
                    with self.installation.unit(self.at, write=True) as unit:
                        mine = sa.and_(self._mine(), JOB.c.state == "running")
                        unit.execute(JOB.update().where(mine).values(lease_until=clock.after(LEASE_SECONDS)))
                except Exception:  # a missed beat is made up for by the next; a lost lease shows at the next step
                    log.warning("no heartbeat for job %s of %s", self.row.id, self.at.slug, exc_info=True)

        thread = threading.Thread(target=beat, name=f"job-{self.row.id}-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _went_wrong(self, said: Message, again: bool) -> None:
        """Noted as failed, or queued for another try after a pause that grows; its kind is told in the same transaction."""
        following = None
        try:
            with self.installation.unit(self.at, write=True) as unit:
                attempts = unit.execute(sa.select(JOB.c.attempts).where(self._mine())).scalar()
                if attempts is None:
                    raise LeaseLost
                final = not again or attempts >= self.kind.attempts
                pause = self.kind.first_pause * 4 ** (attempts - 1) * random.uniform(0.8, 1.2)
                self._write(unit, failed(said) if final else _again(said, pause))
                if self.kind.failed is not None:
                    self.kind.failed(unit, Failure(self.row.id, self.row.arguments, said, attempts, final))
                following = self._next(unit)
        except LeaseLost:
            self._lost()
        self.following = following

    def _end(self, values: dict[str, Any]) -> None:
        try:
            following = None
            with self.installation.unit(self.at, write=True) as unit:
                self._write(unit, values)
                following = self._next(unit)
            self.following = following
        except LeaseLost:
            self._lost()

    def _write(self, unit: Unit, values: dict[str, Any]) -> None:
        if unit.execute(JOB.update().where(self._mine()).values({**values, "lease_until": None})).rowcount != 1:
            raise LeaseLost

    def _next(self, unit: Unit) -> Any:
        return self.claims.take_short(unit) if unit.head.state == "active" and self.go_on() else None

    def _mine(self) -> sa.ColumnElement[bool]:
        return sa.and_(JOB.c.id == self.row.id, JOB.c.lease == self.claims.lease)

    def _lost(self) -> None:
        log.warning("job %s of %s was taken over by another turn", self.row.id, self.at.slug)


def _done(result: Any) -> dict[str, Any]:
    return {"state": "done", "progress": 1.0, "result": result, "error": None, "lease": None, "ended_at": clock.now()}


def _again(said: Message, pause: float) -> dict[str, Any]:
    moment = clock.now() + timedelta(seconds=pause)
    return {"state": "queued", "run_at": moment, "lease": None, "error": words.kept(said)}


_BROKE = message("任务出错，已记入日志；请稍后再试，仍不行请联系管理员")

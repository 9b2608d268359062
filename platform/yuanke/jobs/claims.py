"""Taking jobs out of the queue: which are due, whose turn died, and giving up on those that kill every turn.

The one rule: a taken job carries the lease of its turn, and an attempt is counted before it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import words
from yuanke.jobs.kinds import Failure, LongJob, ShortJob, is_long, kinds
from yuanke.jobs.run import LEASE_SECONDS
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.text import Message, message
from yuanke.storage import Unit

#: a lease that reaches further ahead was given by a clock that has been set back since: its turn counts as dead
FURTHEST_LEASE = timedelta(seconds=10 * LEASE_SECONDS)


@dataclass
class Claims:
    """What one turn may take: one job by its id, or the oldest due, ``long`` work or none of it."""

    lease: str
    only: int | None = None
    long: bool = True
    kinds: dict[str, LongJob | ShortJob] = field(default_factory=kinds)

    def is_long(self, kind: str) -> bool:
        return is_long(self.kinds[kind])

    def any_due(self, unit: Unit) -> bool:
        return unit.execute(self._due(self.long)).first() is not None

    def take(self, unit: Unit) -> Any:
        """The row of the job that is ours now, None when nothing is due."""
        return self._take(unit, self._due(self.long))

    def take_short(self, unit: Unit) -> Any:
        return self._take(unit, self._due(long=False))

    def _due(self, long: bool) -> sa.Select[Any]:
        """The oldest job that waits and may begin, or whose turn died."""
        now = clock.now()
        waits = sa.and_(JOB.c.state == "queued", JOB.c.run_at <= now)
        died = sa.and_(JOB.c.state == "running", turn_died(now))
        found = sa.select(JOB).where(sa.or_(waits, died), JOB.c.kind.in_(self._wanted(long)))
        found = found.order_by(JOB.c.run_at, JOB.c.id).limit(1)
        return found if self.only is None else found.where(JOB.c.id == self.only)

    def _wanted(self, long: bool) -> list[str]:
        return [name for name, kind in self.kinds.items() if long or not is_long(kind)]

    def _take(self, unit: Unit, due: sa.Select[Any]) -> Any:
        if unit.dialect == "postgresql":
            due = due.with_for_update(skip_locked=True)
        while (row := unit.execute(due).first()) is not None:
            if row.attempts < self.kinds[row.kind].attempts:
                self._mark(unit, row)
                return row
            self._give_up(unit, row)
        return None

    def _mark(self, unit: Unit, row: Any) -> None:
        unit.execute(
            JOB.update()
            .where(JOB.c.id == row.id)
            .values(
                state="running",
                attempts=row.attempts + 1,
                lease=self.lease,
                lease_until=clock.after(LEASE_SECONDS),
                started_at=row.started_at or clock.now(),
                dedupe=None if row.once == "pending" else row.dedupe,
            )
        )

    def _give_up(self, unit: Unit, row: Any) -> None:
        unit.execute(JOB.update().where(JOB.c.id == row.id).values(failed(_DEAD)))
        tell = self.kinds[row.kind].failed
        if tell is not None:
            tell(unit, Failure(row.id, row.arguments, _DEAD, row.attempts, final=True))


def turn_died(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(JOB.c.lease_until < now, JOB.c.lease_until > now + FURTHEST_LEASE)


def failed(said: Message) -> dict[str, Any]:
    """The columns of a job that is given up."""
    return {"state": "failed", "error": words.kept(said), "lease": None, "lease_until": None, "ended_at": clock.now()}


_DEAD = message("任务多次中断，已停止重试；请联系管理员")

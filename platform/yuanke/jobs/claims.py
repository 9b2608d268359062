"""Taking jobs out of the queue: which are due, whose turn died, and giving up on those that kill every turn.

The one rule: a taken job carries the lease of its turn, and an attempt is counted before it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.jobs import words
from yuanke.jobs.kinds import Failure, LongJob, ShortJob, is_long, kinds
from yuanke.jobs.run import LEASE_SECONDS
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.text import Message, message
from yuanke.storage import Unit

#: a lease that reaches further ahead was given by a clock that has been set back since: its turn counts as dead
FURTHEST_LEASE = timedelta(seconds=10 * LEASE_SECONDS)

# written once: a worker asks them a thousand times a second. Two, so that each goes along the index and stops at the first
_now, _only = sa.bindparam("now", type_=UtcDateTime()), sa.bindparam("only", type_=sa.Integer())
_wanted = (JOB.c.kind.in_(sa.bindparam("kinds", expanding=True)), sa.or_(_only == 0, JOB.c.id == _only))
#: the oldest job that waits and may begin; ``only``: this one, 0 = any
WAITS = (
    sa.select(JOB)
    .where(JOB.c.state == "queued", JOB.c.run_at <= _now, *_wanted)
    .order_by(JOB.c.run_at, JOB.c.id)
    .limit(1)
)
#: one whose turn died
DIED = (
    sa.select(JOB)
    .where(
        JOB.c.state == "running",
        sa.or_(JOB.c.lease_until < _now, JOB.c.lease_until > sa.bindparam("furthest", type_=UtcDateTime())),
        *_wanted,
    )
    .order_by(JOB.c.run_at, JOB.c.id)
    .limit(1)
)
LOCKED = {statement: statement.with_for_update(skip_locked=True) for statement in (WAITS, DIED)}
MARK = (
    JOB.update()
    .where(JOB.c.id == sa.bindparam("at"))
    .values(
        state="running",
        attempts=sa.bindparam("tries"),
        lease=sa.bindparam("by"),
        lease_until=sa.bindparam("until"),
        started_at=sa.bindparam("began"),
        dedupe=sa.bindparam("held"),
    )
)


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
        return any(self._find(unit, self.long, one) is not None for one in (DIED, WAITS))

    def take(self, unit: Unit) -> Any:
        """The row of the job that is ours now, None when nothing is due; those whose turn died go first."""
        return self._take(unit, self.long, DIED) or self._take(unit, self.long, WAITS)

    def take_short(self, unit: Unit) -> Any:
        """The next that waits. What died is found when the next turn begins."""
        return self._take(unit, False, WAITS)

    def _find(self, unit: Unit, long: bool, statement: sa.Select[Any], lock: bool = False) -> Any:
        now = clock.now()
        asked: dict[str, Any] = {"now": now, "kinds": self._wanted(long), "only": self.only or 0}
        if statement is DIED:
            asked["furthest"] = now + FURTHEST_LEASE
        locking = lock and unit.dialect == "postgresql"
        return unit.execute(LOCKED[statement] if locking else statement, asked).first()

    def _wanted(self, long: bool) -> list[str]:
        return [name for name, kind in self.kinds.items() if long or not is_long(kind)]

    def _take(self, unit: Unit, long: bool, statement: sa.Select[Any]) -> Any:
        while (row := self._find(unit, long, statement, lock=True)) is not None:
            if row.attempts < self.kinds[row.kind].attempts:
                self._mark(unit, row)
                return row
            self._give_up(unit, row)
        return None

    def _mark(self, unit: Unit, row: Any) -> None:
        now = clock.now()
        marked = {
            "at": row.id,
            "tries": row.attempts + 1,
            "by": self.lease,
            "until": now + timedelta(seconds=LEASE_SECONDS),
            "began": row.started_at or now,
            "held": None if row.once == "pending" else row.dedupe,
        }
        unit.execute(MARK, marked)

    def _give_up(self, unit: Unit, row: Any) -> None:
        unit.execute(JOB.update().where(JOB.c.id == row.id).values(failed(_DEAD)))
        tell = self.kinds[row.kind].failed
        if tell is not None:
            tell(unit, Failure(row.id, row.arguments, _DEAD, row.attempts, final=True))


def failed(said: Message) -> dict[str, Any]:
    """The columns of a job that is given up."""
    return {"state": "failed", "error": words.kept(said), "lease": None, "lease_until": None, "ended_at": clock.now()}


_DEAD = message("任务多次中断，已停止重试；请联系管理员")

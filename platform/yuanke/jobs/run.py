"""What a long job holds while it runs: its checkpoint, its progress, and the transactions it opens step by step.

The one rule: a step's work and the checkpoint that says so are one transaction, and only the turn that holds the
lease commits.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.sessions import actor_of
from yuanke.jobs import words
from yuanke.jobs.tables import JOB, NOTE
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.text import Message
from yuanke.storage import Installation, Unit

LEASE_SECONDS = 60.0
HELD = sa.select(JOB.c.lease, JOB.c.cancel_asked).where(JOB.c.id == sa.bindparam("at"))
HELD_LOCKED = HELD.with_for_update()


class LeaseLost(Exception):
    """Another turn runs the job now; this one must leave everything as it is."""


class Cancelled(Exception):
    """Somebody asked the job to stop."""


@dataclass
class Step:
    """One transaction of a job, and its actor with the rights of this moment."""

    unit: Unit
    actor: Actor
    _notes: list[dict[str, Any]] = field(default_factory=list)

    def note(self, row: int, body: Any) -> None:
        """Say something about one row of the input, kept with this step."""
        self._notes.append({"row": row, "body": body})


@dataclass
class Run:
    """``checkpoint`` is a JSON mapping of the job's own, {} at first; what a step changes in it is kept with that step.

    ``result`` may be set on the way: it is shown with the progress, and stands when the job is stopped.
    """

    installation: Installation
    enterprise: Enterprise
    id: int
    lease: str
    arguments: Mapping[str, Any]
    acting: str
    user_id: int | None
    checkpoint: dict[str, Any]
    progress: float = 0.0
    said: Message | None = None
    result: Any = None

    def report(self, progress: float, said: Message | None = None) -> None:
        """How far it is (0..1) and what it does; written with the next step."""
        self.progress = min(max(progress, 0.0), 1.0)
        self.said = said or self.said

    @contextmanager
    def step(self) -> Iterator[Step]:
        """A writing transaction: committed with the checkpoint and progress, or nothing of it.

        Raises `Cancelled` when somebody asked to stop and `LeaseLost` when another turn took over, before any work.
        """
        before = copy.deepcopy(self.checkpoint)
        try:
            with self.installation.unit(self.enterprise, write=True) as unit:
                hold(unit, self.id, self.lease)
                step = Step(unit, self.actor(unit))
                yield step
                if step._notes:
                    unit.execute(NOTE.insert(), [{"job": self.id, **note} for note in step._notes])
                self._keep(unit)
        except BaseException:
            self.checkpoint = before
            raise

    @contextmanager
    def reading(self) -> Iterator[Step]:
        """A reading transaction; keep it short."""
        with self.installation.unit(self.enterprise) as unit:
            yield Step(unit, self.actor(unit))

    @contextmanager
    def trial(self) -> Iterator[Step]:
        """A writing transaction that is always rolled back: everything happens in it, nothing of it stays."""
        try:
            with self.installation.unit(self.enterprise, write=True) as unit:
                hold(unit, self.id, self.lease)
                yield Step(unit, self.actor(unit))
                raise _RollBack
        except _RollBack:
            pass

    def actor(self, unit: Unit) -> Actor:
        return actor_at_run_time(unit, self.acting, self.user_id)

    def _keep(self, unit: Unit) -> None:
        """A step that stood shows that the job gets on: its attempts begin anew."""
        values = {
            "checkpoint": self.checkpoint,
            "progress": self.progress,
            "said": words.kept(self.said),
            "result": self.result,
            "attempts": 1,
            "lease_until": clock.after(LEASE_SECONDS),
        }
        kept = unit.execute(JOB.update().where(JOB.c.id == self.id, JOB.c.lease == self.lease).values(values))
        if kept.rowcount != 1:
            raise LeaseLost


class _RollBack(Exception):
    pass


def hold(unit: Unit, job_id: int, lease: str) -> None:
    """Lock the job's row for this transaction and make sure that it is still ours and wanted."""
    row = unit.execute(HELD_LOCKED if unit.dialect == "postgresql" else HELD, {"at": job_id}).first()
    if row is None or row.lease != lease:
        raise LeaseLost
    if row.cancel_asked:
        raise Cancelled


def actor_at_run_time(unit: Unit, acting: str, user_id: int | None) -> Actor:
    """Who acts: the user as he stands now, or nobody with all rights (engine), or the command line as administrator."""
    if acting == "user":
        if user_id is None:
            raise ValueError("a job of a user names him")
        return actor_of(unit, user_id, "job")
    roles = frozenset({"admin"})
    return Actor(unit.enterprise.slug, user_id, roles=roles, door="job", engine=acting == "engine")

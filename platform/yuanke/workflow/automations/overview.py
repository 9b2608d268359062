"""Automations as an administrator sees them: what there is, whether it runs, when next, how it went.

The one rule: only an administrator sees and switches them; for everybody else they are not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.storage import Unit
from yuanke.workflow.automations import every, incoming, logbook, switching
from yuanke.workflow.automations.declared import Automation, every_automation, find
from yuanke.workflow.automations.logbook import Entry
from yuanke.workflow.automations.tables import MOMENT

#: what a count of runs covers
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Seen:
    """``runs``: state -> how many in the last seven days; ``next``: when its schedule or its first moment is due;
    ``waiting``: moments that wait."""

    automation: Automation
    paused: bool
    last: Entry | None
    runs: dict[str, int]
    next: datetime | None
    waiting: int

    @property
    def on(self) -> bool:
        return self.automation.active and not self.paused


def admin_only(actor: Actor) -> None:
    if not actor.is_admin:
        raise RecordNotFound()


def overview(unit: Unit, actor: Actor) -> list[Seen]:
    """All of them, in the order of the modules."""
    admin_only(actor)
    return _seen(unit, list(every_automation(unit.registry)))


def one(unit: Unit, actor: Actor, address: str) -> Seen:
    """Raises RecordNotFound."""
    admin_only(actor)
    return _seen(unit, [find(unit.registry, address)])[0]


def all_paused(unit: Unit) -> bool:
    return switching.ALL in switching.paused(unit)


def _seen(unit: Unit, found: Sequence[Automation]) -> list[Seen]:
    last, runs = logbook.last_runs(unit), logbook.counts(unit, clock.now() - RECENT)
    moments = _moments(unit)
    made = []
    for automation in found:
        first, waiting = moments.get(automation.address, (None, 0))
        due = every.next_run(unit, automation) if automation.trigger == "every" and automation.active else first
        made.append(
            Seen(
                automation, switching.is_paused(unit, automation.address), last.get(automation.address),
                runs.get(automation.address, {}), due, waiting,
            )
        )  # fmt: skip
    return made


def _moments(unit: Unit) -> dict[str, tuple[datetime, int]]:
    found = sa.select(MOMENT.c.automation, sa.func.min(MOMENT.c.at), sa.func.count())
    found = found.where(MOMENT.c.state == "waiting").group_by(MOMENT.c.automation)
    return {address: (first, n) for address, first, n in unit.execute(found).tuples()}


def hook_address(unit: Unit, automation: Automation) -> str:
    """Where another system calls it."""
    return f"/api/v1/hooks/{unit.enterprise.slug}.{automation.address}"


def has_secret(unit: Unit, automation: Automation) -> bool:
    return incoming.secret_of(unit, automation) is not None

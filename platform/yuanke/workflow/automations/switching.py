"""Pause and resume: what an administrator stops for a while.

The one rule: what happens during a pause is passed over; nothing of it is made up for afterwards.
"""

from __future__ import annotations

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.storage import Unit
from yuanke.storage.restore import after_restore
from yuanke.workflow.automations.tables import PAUSE

#: stands for all of them
ALL = "*"


def paused(unit: Unit) -> frozenset[str]:
    """Addresses that are paused, read once a unit; `ALL` among them = every one is."""
    found: frozenset[str] | None = unit.kept.get("automations paused")
    if found is None:
        found = unit.kept["automations paused"] = frozenset(unit.execute(sa.select(PAUSE.c.automation)).scalars())
    return found


def is_paused(unit: Unit, address: str) -> bool:
    held = paused(unit)
    return address in held or ALL in held


def pause(unit: Unit, actor: Actor, address: str) -> None:
    """Nothing sets this one off any more; what is queued is passed over when its turn comes."""
    if address not in paused(unit):
        unit.execute(PAUSE.insert().values(automation=address, by=actor.user_id, at=clock.now()))
        unit.kept.pop("automations paused", None)


def resume(unit: Unit, actor: Actor, address: str) -> None:
    unit.execute(PAUSE.delete().where(PAUSE.c.automation == address))
    unit.kept.pop("automations paused", None)


def rest_after_restore(unit: Unit) -> None:
    """A restored copy does nothing by itself until somebody says so."""
    if ALL not in paused(unit):
        unit.execute(PAUSE.insert().values(automation=ALL, by=None, at=clock.now()))
        unit.kept.pop("automations paused", None)


after_restore.append(rest_after_restore)

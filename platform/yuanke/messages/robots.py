"""Robots of chat groups: which there are, and what each of them carries.

The one rule: a robot says only what its recipients were told anyway, of the kinds its administrator chose.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.messages.account import is_switched_off
from yuanke.messages.channels import channels
from yuanke.messages.kinds import kind_of
from yuanke.storage import Unit

WEBHOOKS = "webhook"


@dataclass(frozen=True)
class Robot:
    """``kinds`` empty: all of them; ``person``: only what is told to him."""

    id: int
    channel: str
    kinds: frozenset[str]
    person: int | None

    def carries(self, kind: str, person: int) -> bool:
        return (not self.kinds or kind_of(kind) in self.kinds) and self.person in (None, person)


def robots(unit: Unit) -> list[Robot]:
    """The active ones whose channel a plugin brings; read once a unit."""
    if robots not in unit.kept:
        unit.kept[robots] = [] if is_switched_off(unit) else _read(unit)
    found: list[Robot] = unit.kept[robots]
    return found


def _read(unit: Unit) -> list[Robot]:
    table, known = unit.tables[WEBHOOKS], channels()
    columns = [table.c[key] for key in ("id", "format", "kinds", "person")]
    chosen = sa.select(*columns).where(table.c.deleted_at.is_(None), table.c.active, table.c.format.in_(list(known)))
    return [
        Robot(row.id, row.format, frozenset(map(str, row.kinds if isinstance(row.kinds, list) else ())), row.person)
        for row in (unit.execute(chosen) if known else ())
    ]

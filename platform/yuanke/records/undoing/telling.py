"""What a change set wrote, told to whoever looks into the log: which records, and what was done to each.

The one rule: a record that its reader may not see is counted and not named.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.carried import titles_of
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit

MOST = 100


@dataclass(frozen=True)
class Touched:
    """``title`` None: the record lies in the bin or is not for this reader; ``verb`` is the first thing that was done to it."""

    entity: Entity
    id: int
    title: str | None
    verb: str


def touched(unit: Unit, actor: Actor, set_id: int, most: int = MOST) -> tuple[list[Touched], int]:
    """The first ``most`` records of the set in the order they were written, and how many there are."""
    which = HISTORY.c.change_set == set_id
    first = sa.func.min(HISTORY.c.id).label("first")
    each = (
        sa.select(HISTORY.c.entity, HISTORY.c.record, first).where(which).group_by(HISTORY.c.entity, HISTORY.c.record)
    )
    every = unit.execute(sa.select(sa.func.count()).select_from(each.subquery())).scalar_one()
    chosen = each.order_by(first).limit(most).subquery()
    verbs = sa.select(HISTORY.c.entity, HISTORY.c.record, HISTORY.c.verb).join(chosen, HISTORY.c.id == chosen.c.first)
    rows = unit.execute(verbs.order_by(HISTORY.c.id)).all()
    ids: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.entity in unit.registry.entities:
            ids[row.entity].append(row.record)
    titles = {key: titles_of(unit, actor, unit.registry.entities[key], held) for key, held in ids.items()}
    found = [
        Touched(unit.registry.entities[row.entity], row.record, titles[row.entity].get(row.record), row.verb)
        for row in rows if row.entity in titles
    ]  # fmt: skip
    return found, every

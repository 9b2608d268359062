"""What approvals add to rights: whoever is or was asked to decide about a record may read it, and so may his deputy.

The one rule: it widens the rows of a role that may read the entity at all, never its fields; a person none of whose roles
reads the entity is not asked in the first place (`yuanke.workflow.approvals.approvers`).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.metadata.approvals import approvable
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.storage.tables import aliased

#: the scope of records whose approval one is or was asked for
SCOPE = "asked"
TASK, DEPUTY = "approval_task", "deputy"


@dataclass(frozen=True)
class Absent:
    """Somebody who is away today and whose papers this person decides; ``entities`` () = all kinds of papers."""

    user: int
    entities: tuple[str, ...]

    def covers(self, entity: str) -> bool:
        return not self.entities or entity in self.entities


def stands_in_for(unit: Unit, user_id: int) -> tuple[Absent, ...]:
    """Whose deputy ``user_id`` is today; a deputy hands nothing on to a deputy of his own."""
    today = clock.today(unit.place.timezone)
    mark = (stands_in_for, user_id, today)
    if mark not in unit.kept:
        unit.kept[mark] = _absent(unit, user_id, today)
    found: tuple[Absent, ...] = unit.kept[mark]
    return found


def _absent(unit: Unit, user_id: int, today: object) -> tuple[Absent, ...]:
    if DEPUTY not in unit.registry.entities:
        return ()
    row = unit.tables[DEPUTY].c
    statement = sa.select(row.owner, row.entities).where(
        row.deputy == user_id, row.since <= today, row.till >= today, row.deleted_at.is_(None), row.owner.is_not(None)
    )
    found = unit.execute(statement.order_by(row.id)).all()
    return tuple(Absent(one.owner, tuple(one.entities or ())) for one in found if one.owner != user_id)


def adds_scope(entity: Entity, verb: str) -> bool:
    return verb == "read" and approvable(entity)


def asked_rows(unit: Unit, user_id: int, entity: Entity, table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Rows of ``table`` that this person was asked about, or somebody he stands in for."""
    task = aliased(unit.tables[TASK])
    people = [user_id, *(one.user for one in stands_in_for(unit, user_id) if one.covers(entity.key))]
    of_them = task.c.approver == people[0] if len(people) == 1 else task.c.approver.in_(people)
    return table.c.id.in_(sa.select(task.c.record).where(of_them, task.c.entity == entity.key))

"""What the history knows of the states a record was in."""

from __future__ import annotations

import sqlalchemy as sa

from yuanke.metadata.registry import Entity
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit
from yuanke.workflow.acts import state_field

LOOK_BACK = 200


def state_before(unit: Unit, entity: Entity, record_id: int) -> str | None:
    """The state a record was in before the one it is in now; None when it never moved."""
    field = state_field(entity)
    statement = (
        sa.select(HISTORY.c.changes)
        .where(HISTORY.c.entity == entity.key, HISTORY.c.record == record_id)
        .order_by(HISTORY.c.id.desc())
        .limit(LOOK_BACK)
    )
    for (changes,) in unit.execute(statement):
        if field is not None and field.key in changes and changes[field.key][0] is not None:
            return str(changes[field.key][0])
    return None

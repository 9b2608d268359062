"""Records locked beside the one an act is about: always in the order of entity and id, so that two acts cannot block
each other for ever.

The one rule: what is locked is read again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import Me
from yuanke.records.environment import StoredValues, forget
from yuanke.storage import Unit
from yuanke.workflow.names import ActNames


def lock_all(names: ActNames, sources: Sequence[str]) -> None:
    """Lock what the expressions ``sources`` give: records, people, collections."""
    found: set[tuple[str, int]] = set()
    for source in sources:
        _collect(names.value(str(source)), found)
    lock_records(names.unit, found)
    if found:
        names.refresh()


def lock_records(unit: Unit, found: Iterable[tuple[str, int]]) -> None:
    """Lock (entity, id) in their order; what was read of them before is read again."""
    for key, record_id in sorted(found):
        if unit.dialect == "postgresql":
            table = unit.tables[key]
            unit.execute(sa.select(table.c.id).where(table.c.id == record_id).with_for_update())
        forget(unit, unit.registry.entities[key], [record_id])


def _collect(value: Any, found: set[tuple[str, int]]) -> None:
    if isinstance(value, (list, tuple)):
        for one in value:
            _collect(one, found)
    elif isinstance(value, StoredValues):
        found.add((value.entity.key, value.get("id")))
    elif isinstance(value, Me) and value["id"] is not None:
        found.add(("user", value["id"]))

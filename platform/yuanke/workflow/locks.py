"""Records locked beside the one an act is about: always in the order of entity and id, so that two acts cannot block
each other for ever.

The one rule: what is locked is read again afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import Me
from yuanke.records.environment import StoredValues, forget
from yuanke.workflow.names import ActNames


def lock_all(names: ActNames, sources: Sequence[str]) -> None:
    """Lock what the expressions ``sources`` give: records, people, collections."""
    found: set[tuple[str, int]] = set()
    for source in sources:
        _collect(names.value(str(source)), found)
    unit = names.unit
    for key, record_id in sorted(found):
        if unit.dialect == "postgresql":
            table = unit.tables[key]
            unit.execute(sa.select(table.c.id).where(table.c.id == record_id).with_for_update())
        forget(unit, unit.registry.entities[key], [record_id])
    if found:
        names.refresh()


def _collect(value: Any, found: set[tuple[str, int]]) -> None:
    if isinstance(value, (list, tuple)):
        for one in value:
            _collect(one, found)
    elif isinstance(value, StoredValues):
        found.add((value.entity.key, value.get("id")))
    elif isinstance(value, Me) and value["id"] is not None:
        found.add(("user", value["id"]))

"""Sentences with places: ``"{name} 已赢单,金额 {amount}"``, filled with what people would read on the screen.

The one rule: a place is a path of names; one that leads nowhere is left empty, it never breaks the act.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yuanke.metadata.registry import Entity
from yuanke.records.environment import StoredValues
from yuanke.workflow.names import ActNames

_PLACE = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")


def fill(template: str, names: ActNames) -> str:
    """``template`` with its places filled from ``names``."""
    return _PLACE.sub(lambda at: shown(names, at[1]), template)


def shown(names: ActNames, path: str) -> str:
    """The value behind ``path`` as text: options by their label, links by their title, numbers as the form shows them."""
    value: Any = names
    entity: Entity | None = names.entity
    field = None
    for word in path.split("."):
        if not isinstance(value, Mapping):
            return ""
        entity = value.entity if isinstance(value, (ActNames, StoredValues)) else None
        field = entity.fields.get(word) if entity is not None else None
        value = value.get(word)
    if value is None:
        return ""
    if isinstance(value, StoredValues):
        return title(value)
    if field is not None and not field.targets and not field.rows:
        return field.type.text(field, value, names.unit.place)
    return str(value)


def title(record: StoredValues) -> str:
    """What a record is called: its title field, else its number."""
    field = record.entity.fields.get(record.entity.title)
    value = record.get(record.entity.title)
    if isinstance(value, StoredValues):
        return title(value)
    if value is not None and field is not None:
        return field.type.text(field, value, record.unit.place)
    return str(record.get("number") or f"#{record.get('id')}")

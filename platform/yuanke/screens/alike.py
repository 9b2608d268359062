"""Where a form asks, while somebody types, whether a record like the one in it is there already.

The one rule: a form asks only where the entity says what is the same.
"""

from __future__ import annotations

from typing import Any

from yuanke.metadata.registry import Entity
from yuanke.records.duplicates.asked import compared_fields
from yuanke.screens import urls


def watched(entity: Entity, record_id: int | None) -> dict[str, Any] | None:
    """As `_form.html` takes it; ``fields`` are those whose values it asks with. None where nothing is compared."""
    names = compared_fields(entity)
    return (
        {"url": urls.with_query(f"/records/{entity.key}/alike", {"id": record_id}), "fields": names} if names else None
    )

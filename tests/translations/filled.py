"""One record of each kind with ASCII values: what is Chinese on a page of it, the product said."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from yuanke.kernel.errors import Refusal
from yuanke.records import Records

if TYPE_CHECKING:
    from yuanke.kernel.actor import Enterprise
    from yuanke.metadata.registry import Entity, Field
    from yuanke.storage import Installation

VALUES: dict[str, Any] = {
    "text": "Alpha", "long_text": "Beta", "rich_text": "<p>Gamma</p>", "phone": "13800138000", "email": "a@example.com", "url": "https://example.com",
    "integer": 3, "number": "3", "money": "12.50", "price": "12.50", "quantity": "2", "percent": "5", "rating": 3, "duration": 90,
    "date": date(2030, 3, 5).isoformat(), "datetime": "2030-03-05T08:30:00+00:00", "time": "08:30", "month": "2030-03", "bool": True, "color": "#336699",
    "tags": ["delta"], "barcode": "6901234567892", "credit_code": "91350100M000100Y43",
}  # fmt: skip


def fill(installation: Installation, enterprise: Enterprise, user_id: int) -> dict[str, int]:
    """Entity key -> id of its record."""
    from yuanke.access.sessions import actor_of

    made: dict[str, int] = {"user": user_id}
    refused: dict[str, str] = {}
    with installation.unit(enterprise) as unit:
        registry, actor = unit.registry, actor_of(unit, user_id, "screen")
    waiting = [e for e in registry.entities.values() if e.kind == "record" and not e.system]
    for _round in range(6):
        for entity in [e for e in waiting if e.key not in made]:
            try:
                with installation.unit(enterprise, write=True) as unit:
                    made[entity.key] = Records(unit, actor).create(entity.key, _values(registry, entity, made)).id
                refused.pop(entity.key, None)
            except Refusal as fault:
                refused[entity.key] = f"{fault} {getattr(fault, 'errors', '')}"
    assert not refused, refused
    return made


def _values(registry: Any, entity: Entity, made: dict[str, int]) -> dict[str, Any]:
    return {f.key: v for f in entity.fields.values() if (v := _value(registry, f, made)) is not None}


def _value(registry: Any, field: Field, made: dict[str, int]) -> Any:
    if field.source != "typed" or field.retired or field.pairs or field.editable is False:
        return None
    if field.rows:
        return [_values(registry, registry.entities[field.rows], made)]
    if field.targets:
        return made.get(field.targets[0]) if len(field.targets) == 1 else None
    if field.options:
        first = next(k for k, o in field.options.items() if not o.retired)
        return [first] if field.multiple else first
    if field.pattern:
        return None
    if field.type.name == "integer":
        return int(field.min) if isinstance(field.min, (int, float, str)) else 3
    value = VALUES.get(field.type.name)
    return value[: field.length] if isinstance(value, str) and isinstance(field.length, int) else value

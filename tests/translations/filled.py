"""One record of each kind with ASCII values: what is Chinese on a page of it, the product said."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from yuanke.kernel.errors import Refusal, ValidationFailed
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
#: texts for fields that ask for a shape of their own
SHAPED = (
    "91350100M000100Y43",
    "CNY",
    "USD",
    "A1",
    "A",
    "1",
    "100",
    "0591",
    "350000",
    "6901234567892",
    "110101199003078515",
)
TRIES = 12


def fill(installation: Installation, enterprise: Enterprise, user_id: int) -> dict[str, int]:
    """Entity key -> id of its record."""
    from yuanke.access.sessions import actor_of

    made: dict[str, int] = {"user": user_id}
    refused: dict[str, str] = {}
    with installation.unit(enterprise) as unit:
        registry, actor = unit.registry, actor_of(unit, user_id, "command")
    waiting = [e for e in registry.entities.values() if e.kind == "record" and not e.system]
    for _round in range(6):
        for entity in [e for e in waiting if e.key not in made]:
            told = _make(installation, enterprise, actor, registry, entity, made)
            if told is None:
                refused.pop(entity.key, None)
            else:
                refused[entity.key] = told
    # what lives on documents moved before it (goods delivered, money received) is made in tests/modules
    assert len(refused) <= len(waiting) * 2 // 5, refused
    return made


def _make(
    installation: Installation, enterprise: Enterprise, actor: Any, registry: Any, entity: Entity, made: dict[str, int]
) -> str | None:
    """Make one record: what a rule refuses is left out or filled in, until it stands. None, or the last refusal."""
    values, told, tried = _values(registry, entity, made), "", set[str]()
    for _try in range(TRIES):
        try:
            with installation.unit(enterprise, write=True) as unit:
                made[entity.key] = Records(unit, actor).create(entity.key, values).id
            return None
        except ValidationFailed as fault:
            told = f"{fault} { ({k: [m.say() for m in said] for k, said in fault.errors.items()}) }"
            if not _mended(registry, entity, made, values, fault, tried):
                break
        except Refusal as fault:
            return str(fault)
    return told


def _mended(
    registry: Any,
    entity: Entity,
    made: dict[str, int],
    values: dict[str, Any],
    fault: ValidationFailed,
    tried: set[str],
) -> bool:
    """A wrong value is left out, a missing one filled in; False when nothing was left to try."""
    moved = False
    for path in fault.errors:
        key, *rest = path.split(".")
        field = entity.fields.get(key)
        if field is None:
            continue
        if field.rows and len(rest) == 2:
            row, of = values[key][int(rest[0])], registry.entities[field.rows]
            moved = _one(registry, of, made, row, rest[1], tried, path) or moved
        else:
            moved = _one(registry, entity, made, values, key, tried, path) or moved
    return moved


def _one(
    registry: Any, entity: Entity, made: dict[str, int], values: dict[str, Any], key: str, tried: set[str], path: str
) -> bool:
    field = entity.fields.get(key)
    if field is None or f"{path}+" in tried:
        return False
    if key in values and path not in tried:
        tried.add(path)
        del values[key]
        return True
    tried |= {path, f"{path}+"}
    value = _value(registry, field, made, shaped=True)
    if value is not None:
        values[key] = value
    return value is not None


def _values(registry: Any, entity: Entity, made: dict[str, int]) -> dict[str, Any]:
    return {f.key: v for f in entity.fields.values() if (v := _value(registry, f, made)) is not None}


def _value(registry: Any, field: Field, made: dict[str, int], shaped: bool = False) -> Any:
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
        return next((one for one in SHAPED if re.fullmatch(field.pattern, one)), None)
    if field.type.name == "integer":
        return int(field.min) if isinstance(field.min, (int, float, str)) else 3
    if shaped and field.type.name in ("text",):
        return SHAPED[0][: field.length or 40]
    if shaped and field.type.name == "time":
        return "18:30"
    value = VALUES.get(field.type.name)
    return value[: field.length] if isinstance(value, str) and isinstance(field.length, int) else value

"""Which fields a role may read and write.

The one rule: a formula is hidden from whoever may not read one of its sources, and a sensitive field from every role
that is not named for it.
"""

from __future__ import annotations

from yuanke.metadata.registry import Entity, Field, Permission, Registry

LEVELS = {"hidden": 0, "masked": 1, "reveal": 1, "read": 2, "write": 3}
#: what the engine writes; a person changes owner and department by transfer only
SYSTEM_WRITABLE: frozenset[str] = frozenset({"owner"})


def field_levels(registry: Registry, entity: Entity, permission: Permission) -> tuple[frozenset[str], frozenset[str]]:
    """(readable, writable) field keys of ``entity`` for the role of ``permission``."""
    level = {key: _level(registry, field, permission) for key, field in entity.fields.items() if not field.retired}
    readable = frozenset(k for k, rank in level.items() if rank >= 2)
    readable = frozenset(k for k in readable if _sources_readable(entity, k, readable))
    return readable, frozenset(k for k in readable if level[k] >= 3 and may_be_written(entity.fields[k]))


def _level(registry: Registry, field: Field, permission: Permission) -> int:
    said = permission.fields.get(field.key)
    if said is None and field.sensitive:
        return LEVELS["write"] if _sees(registry, permission.role, field.sensitive) else LEVELS["hidden"]
    if said is None and field.source != "system":
        said = permission.fields.get("*")
    return LEVELS.get(str(said), LEVELS["write"]) if said is not None else LEVELS["write"]


def _sees(registry: Registry, role: str, of: bool | str) -> bool:
    sees = registry.more.get("sees", {}).get(role, ())
    return isinstance(of, str) and of in sees


def _sources_readable(entity: Entity, key: str, readable: frozenset[str], depth: int = 0) -> bool:
    field = entity.fields[key]
    if field.formula is None or depth > 16:
        return True
    first = {path[0] for path in field.formula.reads if path and path[0] in entity.fields and path[0] != key}
    return all(name in readable and _sources_readable(entity, name, readable, depth + 1) for name in first)


def may_be_written(field: Field) -> bool:
    """Whether a person may write it at all; the rest is the engine's, whatever his roles."""
    if field.source == "system":
        return field.key in SYSTEM_WRITABLE or (field.entity, field.key) == ("user", "department")
    return field.source == "typed" and field.editable is not False

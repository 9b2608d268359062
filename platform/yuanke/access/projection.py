"""Rights as Flask-AppBuilder's screens and plugins read them: (permission, view) pairs and the roles that hold them.

The one rule: the Registry is the truth. This is its projection, written whole by whoever applies a change of metadata,
never edited by hand and never asked by the engine itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access.fields import field_levels
from yuanke.access.people import bump_permissions, role_ids
from yuanke.kernel.actor import ADMIN
from yuanke.metadata.registry import Registry
from yuanke.storage import rights
from yuanke.storage.apply import projections
from yuanke.storage.unit import Unit

VERBS = ("create", "read", "update", "delete", "export", "import")
Pair = tuple[str, str]


def project(unit: Unit, before: Registry, after: Registry) -> None:
    """Bring roles and pairs in line with the Registry that will run; the version of the rights rises when any moved."""
    if before.entities and not _moved(before, after):
        return
    roles = role_ids(unit, {*after.roles, ADMIN})
    wanted = _wanted(after)
    permissions = _named(unit, fab.PERMISSION, {pair[0] for pairs in wanted.values() for pair in pairs})
    views = _named(unit, fab.VIEW_MENU, {pair[1] for pairs in wanted.values() for pair in pairs})
    pairs = _pairs(unit, permissions, views, {pair for held in wanted.values() for pair in held})
    given = {(pairs[pair], roles[role]) for role, held in wanted.items() if role in roles for pair in held}
    table = fab.PERMISSION_VIEW_ROLE
    rows = unit.execute(sa.select(table.c.id, table.c.permission_view_id, table.c.role_id)).all()
    held = {(row.permission_view_id, row.role_id): row.id for row in rows}
    _delete(unit, table, [held[key] for key in held.keys() - given])
    _insert(unit, table, [{"permission_view_id": p, "role_id": r} for p, r in sorted(given - held.keys())])
    if given != held.keys():
        bump_permissions(unit)


projections.append(project)
rights.readable.append(lambda registry, entity, permission: field_levels(registry, entity, permission)[0])


def _moved(before: Registry, after: Registry) -> bool:
    """Whether any entity that says something else now could mean other pairs."""
    if before.roles.keys() != after.roles.keys() or before.entities.keys() != after.entities.keys():
        return True
    changed = {key for key, entity in after.entities.items() if before.entities[key] is not entity}
    return _wanted(before, changed) != _wanted(after, changed)


def _wanted(registry: Registry, only: Collection[str] | None = None) -> dict[str, set[Pair]]:
    wanted: dict[str, set[Pair]] = {ADMIN: set()}
    for entity in registry.entities.values():
        if entity.kind != "record" or (only is not None and entity.key not in only):
            continue
        wanted[ADMIN] |= {(f"can_{verb}", entity.key) for verb in VERBS} | {("menu_access", entity.key)}
        for role, permission in entity.permissions.items():
            verbs = {f"can_{verb}" for verb, scopes in permission.verbs.items() if scopes}
            if verbs:
                wanted.setdefault(role, set()).update({(verb, entity.key) for verb in {*verbs, "menu_access"}})
    return wanted


def _named(unit: Unit, table: sa.Table, names: Iterable[str]) -> dict[str, int]:
    wanted = set(names)
    statement = sa.select(table.c.name, table.c.id)
    known = {name for (name, _) in unit.execute(statement)}
    _insert(unit, table, [{"name": name} for name in sorted(wanted - known)])
    return {name: id for name, id in unit.execute(statement) if name in wanted}


def _pairs(unit: Unit, permissions: dict[str, int], views: dict[str, int], wanted: set[Pair]) -> dict[Pair, int]:
    table = fab.PERMISSION_VIEW
    statement = sa.select(table.c.permission_id, table.c.view_menu_id, table.c.id)
    known = {(p, v) for p, v, _ in unit.execute(statement)}
    by_ids = {(permissions[p], views[v]): (p, v) for p, v in wanted}
    _insert(unit, table, [{"permission_id": p, "view_menu_id": v} for p, v in sorted(by_ids.keys() - known)])
    return {by_ids[p, v]: id for p, v, id in unit.execute(statement) if (p, v) in by_ids}


def _insert(unit: Unit, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        unit.execute(table.insert(), rows)


def _delete(unit: Unit, table: sa.Table, ids: list[int]) -> None:
    for start in range(0, len(ids), 500):
        unit.execute(table.delete().where(table.c.id.in_(ids[start : start + 500])))

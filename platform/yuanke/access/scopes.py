"""Scopes as SQL: own, team, department, all, shared, via a link, and those an entity declares.

The one rule: a scope runs as the engine over all rows; it decides what is seen, so it cannot depend on what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.access import asked
from yuanke.access.organisation import organisation
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.watch import saw
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.storage.sqlscope import UNFILLED, TableScope
from yuanke.storage.tables import aliased

Row = sa.FromClause


def everything(scopes: Iterable[str]) -> bool:
    return any(scope in ("all", "true") for scope in scopes)


def scope_predicate(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    scopes: Iterable[str],
    table: Row,
    verb: str = "read",
) -> sa.ColumnElement[bool] | None:
    """Rows of ``table`` inside any of ``scopes``; None for all rows. What is shared for reading is shared for no other
    ``verb``."""
    wanted = sorted(set(scopes))
    if everything(wanted):
        return None
    return sa.or_(sa.false(), *(_one(unit, actor, entity, scope, table, verb) for scope in wanted))


def _one(unit: Unit, actor: Actor, entity: Entity, scope: str, table: Row, verb: str) -> sa.ColumnElement[bool]:
    if scope in entity.scopes:
        return entity.scopes[scope].sql(TableScope(entity, table, unit.tables, run_values(unit, actor)))
    if scope.startswith("via "):
        return _via(unit, actor, entity, scope.removeprefix("via ").strip(), table)
    if scope.startswith("carried:"):
        return _carried(unit, actor, entity, scope.removeprefix("carried:"), table)
    if actor.user_id is None:
        return sa.false()
    if scope == "own":
        return _owner(entity, table) == actor.user_id
    if scope == "team":
        return _among(_owner(entity, table), organisation(unit).team(actor.user_id))
    if scope == "department":
        own = _owner(entity, table) == actor.user_id
        return sa.or_(own, _among(table.c.department, organisation(unit).my_departments(actor.user_id)))
    if scope == "shared":
        return _shared(unit, actor, entity, table, verb)
    if scope == asked.SCOPE:
        return asked.asked_rows(unit, actor.user_id, entity, table)
    return sa.false()


def _owner(entity: Entity, table: Row) -> sa.ColumnElement[Any]:
    """A person owns his own page among the users."""
    return table.c.id if entity.key == "user" else table.c.owner


def _among(column: sa.ColumnElement[Any], ids: frozenset[int]) -> sa.ColumnElement[bool]:
    if len(ids) == 1:
        return column == next(iter(ids))
    return column.in_(sorted(ids)) if ids else sa.false()


def _via(unit: Unit, actor: Actor, entity: Entity, link: str, table: Row) -> sa.ColumnElement[bool]:
    from yuanke.access.grants import grant  # a scope asks the grant of another entity

    field = entity.fields[link]
    target = unit.registry.entities[field.targets[0]]
    given = grant(unit, actor, target, "read")
    if not given.allowed:
        return sa.false()
    other = aliased(unit.tables[target.key])
    condition = given.predicate(other)
    found = sa.select(sa.literal(1)).select_from(other).where(other.c.id == table.c[link])
    return (found.where(condition) if condition is not None else found).correlate_except(other).exists()


def _carried(unit: Unit, actor: Actor, entity: Entity, verb: str, table: Row) -> sa.ColumnElement[bool]:
    from yuanke.access.grants import grant

    if entity.parent is None:
        return sa.false()
    parent = unit.registry.entities[entity.parent[0]]
    above = aliased(unit.tables[parent.key])
    link = table.c.source if entity.kind == "pair" else table.c[entity.parent_link or "parent"]
    condition = grant(unit, actor, parent, verb).predicate(above)
    found = sa.select(sa.literal(1)).select_from(above).where(above.c.id == link, above.c.deleted_at.is_(None))
    return (found.where(condition) if condition is not None else found).correlate_except(above).exists()


#: verbs that a share for reading gives
READS = frozenset({"read", "export"})


def _shared(unit: Unit, actor: Actor, entity: Entity, table: Row, verb: str) -> sa.ColumnElement[bool]:
    """Shared with me, a department I am in (or one above it), or a role of mine, and not expired."""
    if "record_share" not in unit.registry.entities:
        return sa.false()
    share = aliased(unit.tables["record_share"])
    conditions = [
        share.c.entity == entity.key,
        share.c.record == table.c.id,
        share.c.deleted_at.is_(None),
        sa.or_(share.c.expires.is_(None), share.c.expires >= clock.today(unit.place.timezone)),
        _with_me(unit, actor, share),
    ]
    if verb not in READS:
        conditions.append(share.c.level == "write")
    found = sa.select(sa.literal(1)).select_from(share).where(*conditions)
    return found.correlate_except(share).exists()


def _with_me(unit: Unit, actor: Actor, share: Row) -> sa.ColumnElement[bool]:
    mine = share.c.user == actor.user_id
    above = organisation(unit).above(actor.user_id) if actor.user_id is not None else frozenset()
    if above:
        mine = sa.or_(mine, _among(share.c.to_department, above))
    return sa.or_(mine, share.c.role.in_(sorted(actor.roles))) if actor.roles else mine


class Me(Mapping[str, Any]):
    """``me`` in expressions: the actor, his organisation, and (read on first use) the fields of his user record."""

    def __init__(self, unit: Unit, actor: Actor) -> None:
        self.unit = unit
        self.actor = actor
        self._row: Mapping[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        actor = self.actor
        known: dict[str, Any] = {
            "id": actor.user_id,
            "name": actor.name,
            "username": actor.username,
            "roles": sorted(actor.roles),
            "department": actor.department_id,
        }
        if key in known:
            return known[key]
        if key in ("departments", "team") and actor.user_id is not None:
            at = organisation(self.unit)
            return sorted(at.my_departments(actor.user_id) if key == "departments" else at.team(actor.user_id))
        return self._record().get(key)

    def _record(self) -> Mapping[str, Any]:
        saw("user record")
        if self._row is None:
            table = self.unit.tables["user"]
            row = self.unit.execute(sa.select(table).where(table.c.id == self.actor.user_id)).mappings().first()
            self._row = dict(row) if row else {}
        return self._row

    def __iter__(self) -> Any:
        return iter(("id", "name", "username", "roles", "department", "departments", "team", *self._record()))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def run_values(unit: Unit, actor: Actor) -> dict[str, Any]:
    """What an expression may know beside the record: ``me`` and ``settings``; kept for the length of the unit."""
    mark = ("values", actor.user_id, actor.department_id, actor.roles)
    found = unit.kept.get(mark)
    if found is None:
        found = unit.kept[mark] = {"me": Me(unit, actor), "settings": unit.settings, UNFILLED: unit.unfilled}
    return found

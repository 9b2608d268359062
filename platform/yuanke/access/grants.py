"""One answer for every door: which rows, which fields, and why not.

The one rule: rights add up row by row. A field that only one of several roles may read is visible only in the rows that
this role may read (`Grant.conditions`), never in the union of all rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from yuanke.access import asked
from yuanke.access.fields import field_levels, may_be_written
from yuanke.access.scopes import Row, everything, scope_predicate
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field, Permission
from yuanke.storage import Unit
from yuanke.storage.prepared import remembered

#: the built-in role that every user of the enterprise has
EVERYONE = "everyone"
WRITES = frozenset({"create", "update", "delete", "import", "restore"})
#: the verb that decides where nothing is said: binning and bringing back are one right, import creates
SAME_AS = {"restore": "delete", "import": "create"}

VERBS = {
    "read": message("查看"),
    "create": message("新建"),
    "update": message("修改"),
    "delete": message("删除"),
    "export": message("导出"),
    "import": message("导入"),
    "restore": message("恢复"),
    "merge": message("合并"),
    "transfer": message("转移"),
    "share": message("共享"),
}
_MAY = message("可以")
#: asked of owned rows that come with a new record: they are part of making it
ENCLOSED = "enclosed"


@dataclass(frozen=True)
class Policy:
    """What one role adds: rows by scopes, fields by level."""

    scopes: tuple[str, ...]
    readable: frozenset[str]
    writable: frozenset[str]
    role: str = ""


@dataclass(frozen=True)
class Grant:
    """The answer. ``readable``/``writable`` are what any of the policies gives; ``conditions`` narrows it per row."""

    unit: Unit
    actor: Actor
    entity: Entity
    verb: str
    allowed: bool
    policies: tuple[Policy, ...] = ()
    reason: Message = field(default_factory=lambda: _MAY)

    @cached_property
    def readable(self) -> frozenset[str]:
        return frozenset().union(*(p.readable for p in self.policies)) if self.policies else frozenset()

    @cached_property
    def writable(self) -> frozenset[str]:
        return frozenset().union(*(p.writable for p in self.policies)) if self.policies else frozenset()

    def predicate(self, table: Row) -> sa.ColumnElement[bool] | None:
        """The rows, as SQL on ``table``; None when it is all of them."""
        if not self.allowed:
            return sa.false()
        scopes = {scope for policy in self.policies for scope in policy.scopes}
        return scope_predicate(self.unit, self.actor, self.entity, scopes, table, self.verb)

    def field_condition(self, key: str, table: Row) -> sa.ColumnElement[bool] | None:
        """Where ``key`` may be read: None = in every row of the grant."""
        giving = [p for p in self.policies if key in p.readable]
        if len(giving) == len(self.policies):
            return None
        if not giving:
            return sa.false()
        scopes = {scope for policy in giving for scope in policy.scopes}
        return scope_predicate(self.unit, self.actor, self.entity, scopes, table, self.verb)


def grant(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Grant:
    """May ``actor`` do ``verb`` with records of ``entity``, with which, and with which of their fields?

    Owned rows and pairs answer as the record that carries them. The answer is kept for the length of the unit.
    """
    mark = ("grant", actor.user_id, actor.department_id, actor.roles, actor.engine, actor.door, entity.key, verb)
    found = unit.kept.get(mark)
    if found is None:
        found = unit.kept[mark] = _decide(unit, actor, entity, verb)
    return found


def _decide(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Grant:
    if actor.enterprise != unit.enterprise.slug:
        return Grant(unit, actor, entity, verb, False, reason=message("你不属于这个企业"))
    mark = ("grant", actor.roles, actor.kind, actor.engine, actor.door, entity.key, verb)
    policies, reason = remembered(
        unit, mark, lambda: _without_state(actor, entity, verb, _rights(unit, actor, entity, verb))
    )
    return Grant(unit, actor, entity, verb, reason is None, policies, reason or _MAY)


Rights = tuple[tuple[Policy, ...], Message | None]
#: doors that bring records from elsewhere, in the state they were in
BRINGS = frozenset({"import", "command"})


def _without_state(actor: Actor, entity: Entity, verb: str, rights: Rights) -> Rights:
    """The state of a workflow is nobody's to write: acts move it, and a new record begins in the first state."""
    if entity.workflow is None or actor.engine or (verb != "update" and actor.door in BRINGS):
        return rights
    state = frozenset({entity.workflow.get("field", "")})
    return tuple(replace(policy, writable=policy.writable - state) for policy in rights[0]), rights[1]


def _rights(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Rights:
    """What follows from roles and Registry alone, the same for all who have these roles; or why not."""
    if entity.parent is not None:
        return _as_parent(unit, actor, entity, verb)
    if actor.kind == "readonly" and verb in WRITES and not actor.engine:
        return (), message("你的账号是只读账号")
    if entity.more.get("append_only") and verb in WRITES and not actor.engine:
        return _added_to(unit, actor, entity, verb)
    if actor.is_admin:
        live = frozenset(k for k, f in entity.fields.items() if not f.retired)
        return (Policy(("all",), live, live if _writes_all(actor) else _for_people(entity, live)),), None
    return _given(tuple(_policies(unit, actor, entity, verb)), entity, verb)


def _given(policies: tuple[Policy, ...], entity: Entity, verb: str) -> Rights:
    if not policies:
        return (), message("你的角色没有“{verb}{entity}”的权限", verb=VERBS.get(verb, verb), entity=entity.label)
    return policies, None


def _added_to(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Rights:
    """What is ``append_only`` nobody changes or bins, and who adds to it is named: being administrator is not enough."""
    return _given(tuple(_policies(unit, actor, entity, verb)) if verb in ("create", "import") else (), entity, verb)


def _policies(unit: Unit, actor: Actor, entity: Entity, verb: str) -> list[Policy]:
    """One policy a role that gives the verb; `deny` of any role wins."""
    found: list[Policy] = []
    for role in (*sorted(actor.roles), EVERYONE):
        permission = entity.permissions.get(role)
        if permission is None:
            continue
        if verb in permission.deny:
            return []
        scopes = permission.verbs.get(verb) or permission.verbs.get(SAME_AS.get(verb, verb))
        if scopes:
            readable, writable = field_levels(unit.registry, entity, permission)
            writable = _without_owner(entity, permission, verb, writable)
            scopes = (*scopes, asked.SCOPE) if asked.adds_scope(entity, verb) else scopes
            found.append(Policy(tuple(scopes), readable, writable, role))
    everyone = entity.more.get("everyone")
    if verb == "read" and everyone:
        found.append(Policy(("all",), frozenset({"id", "version", *everyone}), frozenset()))
    return found


def _without_owner(entity: Entity, permission: Permission, verb: str, writable: frozenset[str]) -> frozenset[str]:
    """Where handing over is a right of its own, changing a record does not give it."""
    own_right = verb == "update" and "transfer" in entity.features and not permission.verbs.get("transfer")
    return writable - {"owner"} if own_right else writable


def _as_parent(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Rights:
    parent = unit.registry.entities[entity.parent[0]] if entity.parent else entity
    asked = _above(parent, verb) if verb == ENCLOSED else verb if verb in ("read", "export") else "update"
    above = grant(unit, actor, parent, asked)
    if not above.allowed:
        return (), above.reason
    return tuple(_carried(unit, actor, entity, policy, asked) for policy in above.policies), None


def _above(parent: Entity, verb: str) -> str:
    return verb if parent.parent is not None else "create"


def _writes_all(actor: Actor) -> bool:
    """The engine does; an administrator's import brings numbers and stamps from elsewhere."""
    return actor.engine or (actor.is_admin and actor.door == "import")


def _for_people(entity: Entity, keys: frozenset[str]) -> frozenset[str]:
    return frozenset(key for key in keys if may_be_written(entity.fields[key]))


def _carried(unit: Unit, actor: Actor, entity: Entity, policy: Policy, asked: str) -> Policy:
    """The parent's rows and rights; a carried field is visible when its carrier is, narrowed by what the role may of the
    rows themselves (``permissions`` on an entity of rows)."""
    carrier = entity.parent[1] if entity.parent else ""
    live = frozenset(k for k, f in entity.fields.items() if not f.retired)
    own = entity.permissions.get(policy.role)
    readable, writable = field_levels(unit.registry, entity, own) if own is not None else (live, live)
    writable = writable if _writes_all(actor) else _for_people(entity, writable)
    readable = readable if entity.kind == "pair" or carrier in policy.readable else frozenset({"id"})
    writable = writable & readable if entity.kind == "pair" or carrier in policy.writable else frozenset()
    return Policy((f"carried:{asked}",), readable, writable, policy.role)


def engine_of(actor: Actor) -> Actor:
    """The engine acting for ``actor``: rights were asked before, the name stays for the log."""
    return Actor(**{**actor.__dict__, "engine": True})


class ReaderGuard:
    """`yuanke.storage.sqlscope.Guard` of one reader: every step to a record joins it under his grant."""

    def __init__(self, unit: Unit, actor: Actor) -> None:
        self.unit = unit
        self.actor = actor

    def condition(self, entity: Entity, table: Row) -> sa.ColumnElement[bool] | None:
        given = grant(self.unit, self.actor, entity, "read")
        return given.predicate(table) if given.allowed else sa.false()

    def column(self, entity: Entity, field: Field, table: Row, raw: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        given = grant(self.unit, self.actor, entity, "read")
        if field.key not in given.readable:
            return sa.null()
        condition = given.field_condition(field.key, table)
        return raw if condition is None else sa.case((condition, raw))


__all__ = ["Grant", "Policy", "ReaderGuard", "engine_of", "everything", "grant"]

"""Who gains and who loses: the rights of two Registries compared, role by role.

The one rule: what a role may do is what is written; which fields it reads is asked of `access`, never guessed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from yuanke.kernel.text import Label, Message, message
from yuanke.metadata.registry import Entity, Field, Permission, Registry
from yuanke.storage.comparison import Comparison
from yuanke.storage.plan import Step

VERBS = {
    "read": Message("查看"),
    "create": Message("新建"),
    "update": Message("修改"),
    "delete": Message("删除"),
    "export": Message("导出"),
    "import": Message("导入"),
    "transfer": Message("转移"),
    "share": Message("共享"),
    "merge": Message("合并"),
}
SCOPES = {
    "all": Message("全部"),
    "own": Message("本人"),
    "team": Message("本人及下属"),
    "department": Message("本部门"),
    "shared": Message("共享给我的"),
}
#: what holds what: a move to the right widens
WIDTH = {"own": 1, "team": 2, "department": 2, "all": 3}
#: ``(registry, entity, permission)`` -> the fields a role reads; `access`, which decides it, registers itself
readable: list[Callable[[Registry, Entity, Permission], frozenset[str]]] = []
SEEN = Message("「{entity}」的「{field}」将对 {roles} 可见")
UNSEEN = Message("「{entity}」的「{field}」将对 {roles} 不再可见")


def steps(at: Comparison) -> Iterator[Step]:
    before, after = at.before, at.after
    for role, label in after.roles.items():
        if role not in before.roles:
            yield Step("role", message("增加角色「{role}」", role=label))
    for role, label in before.roles.items():
        if role not in after.roles:
            yield Step("role", message("去掉角色「{role}」", role=label), speed="destructive")
    for key, entity in after.entities.items():
        running = before.entities.get(key)
        same = running is entity or (running is not None and bool(running.digest) and running.digest == entity.digest)
        if not same:
            yield from _verbs(before, after, running, entity)
        if not same or before.more.get("sees") != after.more.get("sees"):
            yield from _fields(before, after, running, entity)


def _name(registry: Registry, role: str) -> Label | str:
    return registry.roles.get(role, role)


def _verbs(before: Registry, after: Registry, running: Entity | None, entity: Entity) -> Iterator[Step]:
    was = running.permissions if running else {}
    roles = [*entity.permissions, *(r for r in was if r not in entity.permissions)]
    for role in roles:
        old, new = was.get(role), entity.permissions.get(role)
        for verb in sorted({*_given(old), *_given(new)}):
            change = _change(_given(old).get(verb), _given(new).get(verb))
            if change is not None:
                name = _name(after if role in after.roles else before, role)
                values: dict[str, Any] = {"role": name, "verb": VERBS.get(verb, verb), "entity": entity.label}
                values |= {"old": scope_words(running or entity, _given(old).get(verb))}
                values |= {"new": scope_words(entity, _given(new).get(verb))}
                yield Step("rights", Message(change.text, values), entity.key)


def _given(permission: Permission | None) -> dict[str, tuple[str, ...]]:
    """Verb -> scopes, what is denied left out."""
    if permission is None:
        return {}
    return {verb: tuple(scopes) for verb, scopes in permission.verbs.items() if scopes and verb not in permission.deny}


def _change(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> Message | None:
    if old == new:
        return None
    if old is None:
        return Message("「{role}」将可以{verb}「{entity}」（{new}）")
    if new is None:
        return Message("「{role}」将不能再{verb}「{entity}」（原为{old}）")
    wide = [
        max((WIDTH.get(s, 0) for s in scopes), default=0) if set(scopes) <= WIDTH.keys() else 0 for scopes in (old, new)
    ]
    if wide[0] and wide[1] > wide[0]:
        return Message("「{role}」{verb}「{entity}」的范围由{old}扩大到{new}")
    if wide[1] and wide[1] < wide[0]:
        return Message("「{role}」{verb}「{entity}」的范围由{old}缩小到{new}")
    return Message("「{role}」{verb}「{entity}」的范围由{old}改为{new}")


def scope_words(entity: Entity, scopes: tuple[str, ...] | None) -> Sequence[str | Message]:
    """Scopes as people call them."""
    return [SCOPES.get(scope) or _through(entity, scope) for scope in scopes or ()] or ["—"]


def _through(entity: Entity, scope: str) -> str | Message:
    link = entity.fields.get(scope.removeprefix("via ")) if scope.startswith("via ") else None
    return message("随{name}", name=link.label) if link is not None else scope


def _fields(before: Registry, after: Registry, running: Entity | None, entity: Entity) -> Iterator[Step]:
    """Fields that come into sight or leave it, for roles that may read the entity before and after; one line for all
    fields of the same roles. What a whole entity shows or hides has been told by its verbs."""
    if running is None:
        return
    saw, sees = _visible(before, running), _visible(after, entity)
    moved: dict[tuple[str, tuple[Label | str, ...]], tuple[Message, list[Field]]] = {}
    for key, field in entity.fields.items():
        was = str(field.more.get("formerly")) if key not in running.fields else key
        gain = [_name(after, role) for role in sees if role in saw and key in sees[role] and was not in saw[role]]
        loss = [_name(after, role) for role in sees if role in saw and key not in sees[role] and was in saw[role]]
        for said, roles in ((SEEN, gain), (UNSEEN, [] if field.retired else loss)):
            if roles:
                moved.setdefault((said.text, tuple(roles)), (said, []))[1].append(field)
    for (_, roles_), (said, fields) in moved.items():
        values = {"entity": entity.label, "field": [f.label for f in fields], "roles": roles_}
        yield Step("rights", Message(said.text, values), entity.key, fields[0].key if len(fields) == 1 else "")


def _visible(registry: Registry, entity: Entity) -> dict[str, frozenset[str]]:
    """Role -> the fields it reads, of roles that read the entity at all."""
    readers = {role: p for role, p in entity.permissions.items() if "read" in _given(p)}
    return {role: frozenset().union(*(asked(registry, entity, p) for asked in readable)) for role, p in readers.items()}

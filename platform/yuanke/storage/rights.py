"""Who gains and who loses: the rights of two Registries compared, role by role.

The one rule: it reads what is declared the way `access` decides: what is not written is not allowed, a `sensitive`
field is hidden from roles that do not name it.
"""

from __future__ import annotations

from collections.abc import Iterator

from yuanke.kernel.text import Message, message
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
HIDDEN = "hidden"
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
        if running is not None and (running is entity or (running.digest and running.digest == entity.digest)):
            continue
        yield from _verbs(before, after, running, entity)
        yield from _fields(after, running, entity)


def _name(registry: Registry, role: str) -> str:
    return str(registry.roles.get(role, role))


def _verbs(before: Registry, after: Registry, running: Entity | None, entity: Entity) -> Iterator[Step]:
    was = running.permissions if running else {}
    roles = [*entity.permissions, *(r for r in was if r not in entity.permissions)]
    for role in roles:
        old, new = was.get(role), entity.permissions.get(role)
        for verb in sorted({*_given(old), *_given(new)}):
            change = _change(_given(old).get(verb), _given(new).get(verb))
            if change is not None:
                name = _name(after if role in after.roles else before, role)
                values = {"role": name, "verb": VERBS.get(verb, verb), "entity": entity.label}
                values |= {"old": scope_words(_given(old).get(verb)), "new": scope_words(_given(new).get(verb))}
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


def scope_words(scopes: tuple[str, ...] | None) -> str | Message:
    """A scope as people call it; several of them as a list."""
    if scopes and len(scopes) == 1:
        return SCOPES.get(scopes[0], scopes[0])
    return "、".join(str(SCOPES.get(scope, scope)) for scope in scopes or ()) or "—"


def _fields(after: Registry, running: Entity | None, entity: Entity) -> Iterator[Step]:
    if running is None:
        return  # a new entity: its verbs have been told
    for field in entity.fields.values():
        old = running.fields.get(field.key) or running.fields.get(str(field.more.get("formerly")))
        gains: list[str] = []
        losses: list[str] = []
        for role in entity.permissions:
            sees = level(entity, entity.permissions.get(role), field) != HIDDEN
            saw = old is not None and not old.retired and level(running, running.permissions.get(role), old) != HIDDEN
            (gains if sees and not saw else losses if saw and not sees else []).append(_name(after, role))
        if old is not None:
            gains, losses = (gains, losses) if _stayed(running, entity) else ([], losses)
        for said, who in ((SEEN, gains), (UNSEEN, losses)):
            if who:
                values = {"entity": entity.label, "field": field.label, "roles": "、".join(who)}
                yield Step("rights", Message(said.text, values), entity.key, field.key)


def _stayed(running: Entity, entity: Entity) -> bool:
    """Whether the same roles may read the entity: else a line for every field would only repeat it."""
    return {r for r, p in running.permissions.items() if "read" in _given(p)} == {
        r for r, p in entity.permissions.items() if "read" in _given(p)
    }


def level(entity: Entity, permission: Permission | None, field: Field) -> str:
    """``hidden`` | ``masked`` | ``reveal`` | ``read`` | ``write``: declared for the field, else by the entity's."""
    if permission is None or "read" not in _given(permission) or field.retired:
        return HIDDEN
    named = permission.fields.get(field.key)
    if named is not None:
        return str(named)
    if field.sensitive:
        return HIDDEN
    return str(permission.fields.get("*", "write" if "update" in _given(permission) else "read"))

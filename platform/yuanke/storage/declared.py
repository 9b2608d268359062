"""The part of a plan that changes no table: options, limits, rights, flows, screens.

The one rule: whoever gains or loses access stands in the plan by name; that is the line a reviewer looks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from yuanke.expressions import Expression
from yuanke.fieldtypes.columns import array_has
from yuanke.kernel.text import Label, Message, message
from yuanke.metadata import Layer
from yuanke.metadata.order import version_of
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.storage import rights
from yuanke.storage.comparison import Comparison, signature
from yuanke.storage.concern import concerned
from yuanke.storage.plan import Step
from yuanke.storage.tables import physical

#: what a person may notice of a field, and what it is called in a plan
NOTICED = {
    "label": Message("名称"),
    "help": Message("说明"),
    "required": Message("必填"),
    "default": Message("默认值"),
    "editable": Message("可否修改"),
    "visible_when": Message("显示条件"),
    "required_when": Message("必填条件"),
    "valid_when": Message("校验"),
    "message": Message("校验提示"),
    "min": Message("最小值"),
    "max": Message("最大值"),
    "length": Message("长度"),
    "pattern": Message("格式"),
    "scale": Message("小数位"),
    "searchable": Message("可搜索"),
    "sensitive": Message("敏感"),
    "masked": Message("脱敏"),
    "on_delete": Message("删除规则"),
    "filter": Message("可选范围"),
    "formula": Message("公式"),
}
PARTS = {
    "workflow": Message("流程"),
    "checks": Message("校验规则"),
    "locked_when": Message("锁定条件"),
    "scopes": Message("数据范围"),
    "features": Message("功能"),
    "duplicates": Message("查重规则"),
    "title": Message("标题字段"),
    "label": Message("名称"),
    "number": Message("编号规则"),
}
WHOLE = {
    "menu": Message("菜单"),
    "reports": Message("报表"),
    "dashboards": Message("仪表板"),
    "prints": Message("打印模板"),
    "ledgers": Message("台账"),
    "settings": Message("系统参数"),
}


def steps(at: Comparison) -> list[Step]:
    found: list[Step] = []
    found += _modules(at)
    for key, entity in at.after.entities.items():
        running = at.before.entities.get(key)
        if running is None or running is entity or (running.digest and running.digest == entity.digest):
            continue
        found += _fields(at, running, entity)
        found += _parts(running, entity)
        found += _views(at, entity)
    found += rights.steps(at)
    found += _whole(at.before, at.after)
    return found


def plain(value: Any) -> Any:
    """Compiled things as comparable values: an expression is its source, a map its sorted items."""
    if isinstance(value, Expression):
        return value.source
    if isinstance(value, Label):
        return (value.zh, value.en)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(v) for v in value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _modules(at: Comparison) -> Iterator[Step]:
    before, after = at.before.modules, at.after.modules
    for key in [*after, *(k for k in before if k not in after)]:
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield Step("module", message("加入模块「{module}」{version}", module=new.label, version=new.version))
        elif new is None and old is not None:
            yield Step("module", message("移除模块「{module}」", module=old.label), speed="destructive")
        elif old is not None and new is not None and old.version != new.version:
            said = message("模块「{module}」由 {old} 升级到 {new}", module=new.label, old=old.version, new=new.version)
            yield Step("module", said)
            yield from _migrations(at, key, old.version, new.version)


def _migrations(at: Comparison, module: str, old: str, new: str) -> Iterator[Step]:
    """What the module says becomes of values on the way from its old version to the new one, version by version."""
    layer = next(layer for layer in at.layers if layer.rank == "module" and layer.name == module)
    declared = layer.settled.get("migrations")
    steps = sorted(declared.items(), key=lambda one: version_of(one[0])) if declared is not None else []
    for version, node in steps:
        if not version_of(old) < version_of(version) <= version_of(new):
            continue
        for one in node.live():
            body = one.plain()
            entity = at.after.entities[body["entity"]]
            table = physical(entity.key)
            said = message(
                "{version}：改写「{entity}」的 {fields}",
                version=version,
                entity=entity.label,
                fields=[entity.fields[name].label for name in body["set"]],
            )
            work = {"do": "migrate", "set": body["set"], "where": body.get("where")}
            rows = at.rows(table)
            yield Step("migrate", said, entity.key, speed="slow", tables=(table,), rows=rows, work=work, later=True)


def _fields(at: Comparison, running: Entity, entity: Entity) -> Iterator[Step]:
    refill: dict[str, Field] = {}
    for key, field in entity.fields.items():
        old = running.fields.get(key) or running.fields.get(str(field.more.get("formerly")))
        if old is None or old is field:
            continue
        yield from _noticed(at, entity, old, field)
        yield from _options(at, entity, old, field)
        if (
            field.source in ("stored", "rollup")
            and old.source == field.source
            and plain(old.formula) != plain(field.formula)
        ):
            refill[key] = field
        if old.options != field.options and _option_values(old) != _option_values(field):
            refill |= {f.key: f for f in entity.fields.values() if f.source == "stored" and _reads_values(f, key)}
    rows = at.rows(physical(entity.key)) if refill else 0
    for key, field in refill.items() if rows else ():
        said = message("重新计算 {rows} 条「{entity}」的「{field}」", rows=rows, entity=entity.label, field=field.label)
        yield Step(
            "fill", said, entity.key, key, "slow", (physical(entity.key),), rows=rows, later=True, work={"do": "fill"}
        )


def _noticed(at: Comparison, entity: Entity, old: Field, field: Field) -> Iterator[Step]:
    for name, word in NOTICED.items():
        was, now = plain(getattr(old, name)), plain(getattr(field, name))
        if was == now:
            continue
        said = message(
            "「{entity}」的「{field}」：{what}由 {old} 改为 {new}",
            entity=entity.label,
            field=field.label,
            what=word,
            old=_short(getattr(old, name)),
            new=_short(getattr(field, name)),
        )
        rows, samples = concerned(at, entity, field, name, now)
        if rows:
            said = message(
                "{what}，{rows} 条已有的记录不合，下次修改时须改：{samples}", what=said, rows=rows, samples=samples
            )
        yield Step("field", said, entity.key, field.key, rows=rows, samples=samples)
    kept = old.has_column and field.has_column
    if kept and signature(old) == signature(field) and old.type.name != field.type.name:
        said = message(
            "「{entity}」的「{field}」由 {old} 改为 {new}，值不变",
            entity=entity.label,
            field=field.label,
            old=old.type.label,
            new=field.type.label,
        )
        yield Step("field", said, entity.key, field.key)


def _short(value: Any) -> Any:
    """What a sentence says of a value: labels in both languages, lists as such, long texts cut."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return message("是") if value else message("否")
    if isinstance(value, Label):
        return value
    found = plain(value)
    if isinstance(found, (list, tuple)) and len(found) <= 8:
        return [str(item) for item in found]
    text = str(found)
    return text if len(text) <= 60 else text[:57] + "…"


def _options(at: Comparison, entity: Entity, old: Field, field: Field) -> Iterator[Step]:
    before, after = old.options or {}, field.options or {}
    moved = {str(o.values.get("formerly")): key for key, o in after.items() if o.values.get("formerly") in before}
    names = {"entity": entity.label, "field": field.label}
    added = [o.label for key, o in after.items() if key not in before and key not in moved.values()]
    if added:
        said = message("「{entity}」的「{field}」增加选项 {options}", **names, options=added)
        yield _option_step("option_added", said, field)
    for key, option in after.items():
        if key in before and plain(before[key].label) != plain(option.label):
            said = message(
                "「{entity}」的「{field}」：选项「{old}」改名为「{new}」",
                **names,
                old=before[key].label,
                new=option.label,
            )
            yield _option_step("option_renamed", said, field)
        if key in before and before[key].retired != option.retired:
            said = message("「{entity}」的「{field}」恢复选项「{option}」", **names, option=option.label)
            if option.retired:
                said = message("「{entity}」的「{field}」停用选项「{option}」", **names, option=option.label)
            yield _option_step("option_retired", said, field, about=key)
    for key in before.keys() - after.keys():
        holders = _holding(at, entity, old, key)
        if key in moved and moved[key] not in before:
            said = message(
                "「{entity}」的「{field}」：{rows} 条记录的选项 {old} 换成 {new}",
                **names,
                rows=holders,
                old=key,
                new=moved[key],
            )
            yield _option_step(
                "option_moved",
                said,
                field,
                rows=holders,
                about=key,
                work={"do": "move_option", "old": key, "new": moved[key]},
            )
        else:
            said = message(
                "「{entity}」的「{field}」去掉选项「{option}」，{rows} 条记录仍是这个值",
                **names,
                option=before[key].label,
                rows=holders,
            )
            yield _option_step(
                "option_removed", said, field, rows=holders, about=key, speed="destructive" if holders else "safe"
            )


def _option_step(kind: str, said: Message, field: Field, **more: Any) -> Step:
    return Step(
        kind, said, field.entity, field.key, tables=(physical(field.entity),) if more.get("work") else (), **more
    )


def _holding(at: Comparison, entity: Entity, old: Field, key: str) -> int:
    table = physical(entity.key)
    if table not in at.live or old.key not in at.live[table].columns:
        return 0
    return at.count(
        table, old.key, lambda held: array_has(held, key) if old.multiple else held == key, old.type.column_type(old)
    )


def _option_values(field: Field) -> Any:
    return {key: (plain(o.values), o.void) for key, o in (field.options or {}).items()}


def _reads_values(field: Field, option_field: str) -> bool:
    return any(path[0] == option_field and len(path) > 1 for path in (field.formula.reads if field.formula else ()))


def _parts(running: Entity, entity: Entity) -> Iterator[Step]:
    for name, word in PARTS.items():
        if plain(getattr(running, name)) != plain(getattr(entity, name)):
            said = message("「{entity}」的{what}有改动", entity=entity.label, what=word)
            yield Step("flow" if name in ("workflow", "checks", "locked_when") else "entity", said, entity.key)
    for part in ("automations", "actions"):
        if plain(running.more.get(part)) != plain(entity.more.get(part)):
            yield Step(
                "flow",
                message("「{entity}」的{what}有改动", entity=entity.label, what=message("自动化与动作")),
                entity.key,
            )


def _views(at: Comparison, entity: Entity) -> Iterator[Step]:
    """Views whose declaration moved; that a default list has one column more is no news beside the new field."""
    was, now = _said(at.running_layers, entity), _said(at.layers, entity)
    changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    if changed:
        labels = [entity.views[name].label if name in entity.views else name for name in changed]
        yield Step("views", message("「{entity}」的视图有改动：{views}", entity=entity.label, views=labels), entity.key)


def _said(layers: Iterable[Layer], entity: Entity) -> dict[str, list[Any]]:
    """View -> what each layer says of it."""
    found: dict[str, list[Any]] = {}
    for layer in layers:
        views = layer.settled.at("entities", entity.key, "views")
        for name, node in views.value.items() if views is not None and views.is_map else ():
            found.setdefault(name, []).append((layer.rank, layer.name, None if node.removed else node.plain()))
    return found


def _whole(before: Registry, after: Registry) -> Iterator[Step]:
    for name, word in WHOLE.items():
        was, now = getattr(before, name), getattr(after, name)
        if not isinstance(was, Mapping):
            if plain(was) != plain(now):
                yield Step(name, message("{what}有改动", what=word))
            continue
        moved = [k for k in now if k not in was or plain(was[k]) != plain(now[k])] + [k for k in was if k not in now]
        if moved:
            yield Step(name, message("{what}有改动：{names}", what=word, names=moved))

"""What is done with the chosen records of a list: one field changed, the owner handed over.

The one rule: each record is saved by itself under its own rights; those that are refused stay as they were and are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, Outcome, Query
from yuanke.records.undoing import recorded
from yuanke.screens import undoable, urls
from yuanke.screens.controls import bare, control
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.incoming import is_held, raw_of
from yuanke.screens.pages.removal import lead_to_list, said_reasons
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.typed import typed
from yuanke.web.language import say, told
from yuanke.web.requests import give_up

MOST = 500
NOT_AT_ONCE = frozenset({"file", "image", "json", "rich_text"})


def chosen_ids() -> list[int]:
    return list(dict.fromkeys(int(one) for one in request.values.getlist("id") if one.isdigit() and len(one) < 19))[
        :MOST
    ]


# -- one field ----------------------------------------------------------------------------------------------------


def ask_change(reader: Reader, entity: Entity) -> Response:
    """GET ``id`` repeated: which field. POST ``field``: to which value. POST ``change=1``: do it."""
    _allowed(reader, entity)
    return _which(reader, entity, chosen_ids())


def change(reader: Reader, entity: Entity) -> Response:
    _allowed(reader, entity)
    ids, fields = chosen_ids(), {f.key: f for f in changeable(reader, entity)}
    field = fields.get(request.form.get("field", ""))
    if field is None:
        give_up()
        return _which(fresh(), entity, ids, str(_("请选择一个字段")))
    if not request.form.get("change"):
        give_up()
        return _to_what(fresh(), entity, field, ids, [])
    raw = raw_of(field, field.key, request.form) if is_held(field, field.key, request.form) else None
    try:
        with recorded(reader.unit, reader.actor, "bulk", entity.key) as change_set:
            change_set.begin()
            result = reader.records.batch(entity.key, update=[{"id": one, field.key: raw} for one in ids], atomic=False)
            change_set.count = len(ids) - len(result.failed)
    except AccessDenied as fault:  # a record would leave what its author may change
        give_up()
        return _to_what(fresh(), entity, field, ids, [say(fault.said)])
    wrong = _wrong_value(result.updated, field)
    if wrong and len(result.failed) == len(ids):
        give_up()
        return _to_what(fresh(), entity, field, ids, wrong)
    done = len(ids) - len(result.failed)
    return finished(
        reader,
        entity,
        str(_("已修改 %(n)s 条", n=done)),
        str(_("%(n)s 条没有修改", n=len(result.failed))),
        result.failed,
        change_set.id if change_set.stands else None,
    )


def changeable(reader: Reader, entity: Entity) -> list[Field]:
    """Fields that several records may share; not what names one, carries rows or is handed over."""
    writable = reader.records.grant(entity.key, "update").writable
    found = [entity.fields[k] for k in writable if k in entity.fields and k not in ("owner", "department")]
    fit = [
        f for f in found
        if not (f.retired or f.rows or f.pairs or f.unique is not None or f.editable == "new" or f.type.name in NOT_AT_ONCE or len(f.targets) > 1)
    ]  # fmt: skip
    order = {key: at for at, key in enumerate(entity.fields)}
    return sorted(fit, key=lambda f: order[f.key])


def _wrong_value(outcomes: Sequence[Outcome], field: Field) -> list[str]:
    """What is wrong with the value itself, when it is that which every record refuses."""
    faults = [o.error.errors.get(field.key) for o in outcomes if isinstance(o.error, ValidationFailed)]
    return [say(m) for m in faults[0]] if faults and faults[0] else []


def _allowed(reader: Reader, entity: Entity) -> None:
    given = reader.records.grant(entity.key, "update")
    if not given.allowed:
        raise AccessDenied(given.reason)


def _which(reader: Reader, entity: Entity, ids: list[int], fault: str | None = None) -> Response:
    options = [
        {"key": f.key, "label": reader.say(f.label), "color": "gray", "retired": False}
        for f in changeable(reader, entity)
    ]
    errors = [fault] if fault else []
    field = bare("field", str(_("字段")), "choice", required=True, errors=errors, options=options)
    return dialog(
        reader, _title(entity, reader, ids), _at(entity), [field], str(_("下一步")), hidden=[("id", one) for one in ids]
    )


def _to_what(reader: Reader, entity: Entity, field: Field, ids: list[int], errors: list[str]) -> Response:
    made = {
        **control(reader, entity, field, None, writable=True, errors=errors),
        "id": "d-value",
        "required": False,
        "formula": False,
    }
    if errors:
        made["value"] = typed(reader, field, made, field.key)
    hidden = [("field", field.key), ("change", "1"), *(("id", one) for one in ids)]
    said = str(_("留空就是清空这个字段"))
    return dialog(
        reader,
        _title(entity, reader, ids),
        _at(entity),
        [made],
        str(_("修改 %(n)s 条", n=len(ids))),
        said=said,
        hidden=hidden,
    )


def _title(entity: Entity, reader: Reader, ids: list[int]) -> str:
    return str(_("批量修改 %(n)s 条%(name)s", n=len(ids), name=reader.say(entity.label)))


def _at(entity: Entity) -> str:
    return f"/records/{entity.key}/bulk"


# -- the owner ----------------------------------------------------------------------------------------------------


def ask_transfer(reader: Reader, entity: Entity) -> Response:
    return _to_whom(reader, entity, chosen_ids(), [])


def transfer(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated and ``owner``."""
    ids, owner = chosen_ids(), request.form.get("owner", "")
    _may_transfer(reader, entity)
    if not owner.isdigit() or len(owner) > 18:
        give_up()
        return _to_whom(fresh(), entity, ids, [str(_("请选择新的负责人"))])
    try:
        with recorded(reader.unit, reader.actor, "bulk", entity.key, to=int(owner)) as change_set:
            change_set.begin()
            result = reader.records.batch(
                entity.key, update=[{"id": one, "owner": int(owner)} for one in ids], atomic=False
            )
            change_set.count = len(ids) - len(result.failed)
    except AccessDenied as fault:
        give_up()
        return _to_whom(fresh(), entity, ids, [say(fault.said)])
    done = len(ids) - len(result.failed)
    said = str(_("已转移 %(n)s 条", n=done))
    made = change_set.id if change_set.stands else None
    if request.form.get("one") and done and reader.records.list(entity.key, _only(ids[0])).records:
        undoable.told(reader, said, made)
        return lead_on(urls.record(entity.key, ids[0]))
    return finished(reader, entity, said, str(_("%(n)s 条没有转移", n=len(result.failed))), result.failed, made)


def _only(record_id: int) -> Query:
    return Query(conditions=(Condition("id", "eq", record_id),), fields=("id",), limit=1, count="none")


def _may_transfer(reader: Reader, entity: Entity) -> None:
    given = reader.records.grant(entity.key, "update")
    if not given.allowed or "owner" not in given.writable:
        raise AccessDenied(given.reason)


def _to_whom(reader: Reader, entity: Entity, ids: list[int], errors: list[str]) -> Response:
    _may_transfer(reader, entity)
    made = {
        **control(reader, entity, entity.fields["owner"], None, writable=True, errors=errors),
        "id": "d-owner",
        "required": True,
        "label": str(_("新的负责人")),
    }
    hidden: list[tuple[str, Any]] = [("id", one) for one in ids]
    hidden += [("one", "1")] if request.values.get("one") else []
    title = str(_("转移 %(n)s 条%(name)s", n=len(ids), name=reader.say(entity.label)))
    said = str(_("部门随负责人改变；你可能不再看得到这些记录"))
    return dialog(
        reader,
        title,
        f"/records/{entity.key}/transfer",
        [made],
        str(_("转移 %(n)s 条", n=len(ids))),
        said=said,
        hidden=hidden,
    )


# -- what became of it --------------------------------------------------------------------------------------------


def finished(
    reader: Reader, entity: Entity, done: str, not_done: str, failed: Sequence[Outcome], change_set: int | None = None
) -> Response:
    """Back to the list, with what was done, why some were not, and the way back where there is one."""
    reasons = said_reasons(reader, entity, failed)
    said = told([done, _("%(said)s：%(reason)s", said=not_done, reason=reasons)]) if failed else done
    undoable.told(reader, said, change_set, "warning" if failed else "success")
    return lead_to_list(entity)

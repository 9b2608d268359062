"""离职交接: everything that runs under somebody's name goes to a colleague, and he is out of service.

The one rule: an administrator does it, and closed records keep the name of whoever closed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records.transferring import Belongings, HandedOver, belongings, hand_over
from yuanke.records.transferring.transfer import WITHIN
from yuanke.screens import urls
from yuanke.screens.asking import chosen_records, ids_of, options, person, reason, said_along, said_reason
from yuanke.screens.controls import bare
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.undoable import length_said, told
from yuanke.web.language import enumerated, say
from yuanke.web.language import told as joined
from yuanke.web.requests import give_up


def ask(reader: Reader, user_id: int) -> Response:
    """GET: to whom, and what of it."""
    _admin(reader)
    return _dialog(reader, user_id, {}, [])


def do(reader: Reader, user_id: int) -> Response:
    """POST ``to``, ``entities``, ``reason``, ``left``."""
    _admin(reader)
    form = request.form
    to = next(iter(ids_of([form.get("to", "")])), 0)
    why = said_reason()
    if not to:
        give_up()
        return _dialog(fresh(), user_id, {"to": [str(_("请选择交接给谁"))]}, [])
    chosen = said_along("entities")
    try:
        done = hand_over(reader.unit, reader.actor, user_id, to, chosen, why)
        if "left" in form.getlist("after"):
            reader.records.update("user", user_id, {"status": "left"})
    except ValidationFailed as fault:
        give_up()
        own = {key: [say(m) for m in said] for key, said in fault.errors.items()}
        return _dialog(fresh(), user_id, own, [one for key, said in own.items() if key != "to" for one in said])
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        give_up()
        return _dialog(fresh(), user_id, {}, [say(refusal.said)])
    told(reader, _said(reader, done), done.change_set, "warning" if done.failed else "success")
    return lead_on(urls.record("user", user_id))


def _said(reader: Reader, done: HandedOver) -> str:
    names = enumerated(
        _("%(name)s %(n)s 条", name=reader.say(reader.registry.entities[key].label), n=n)
        for key, n in done.moved.items()
    )
    said = str(_("已交接：%(what)s", what=names) if names else _("没有要交接的记录"))
    return joined([said, _("%(n)s 条没有交接", n=len(done.failed))]) if done.failed else said


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以办理离职交接"))


def _dialog(reader: Reader, user_id: int, errors: Mapping[str, list[str]], whole: Sequence[str]) -> Response:
    record = reader.records.get("user", user_id, ("name", "status"))
    held = [one for one in belongings(reader.unit, user_id) if one.running]
    sent = request.form if request.method == "POST" else None
    to = chosen_records(reader, "user", ids_of([sent.get("to", "")])) if sent is not None else []
    ticked = [one.entity.key for one in held] if sent is None else sent.getlist("entities")
    fields = [person("to", str(_("交接给")), next(iter(to), None), required=True, errors=errors.get("to", []))]
    if held:
        pairs = options((one.entity.key, _held(reader, one)) for one in held)
        help_ = str(_("已结束的记录保留原负责人"))
        fields.append(bare("entities", str(_("交接内容")), "choices", value=ticked, options=pairs, help=help_))
    fields.append(reason(sent.get("reason", "") if sent is not None else ""))
    if record.values.get("status") != "left":
        after = ["left"] if sent is None else sent.getlist("after")
        leave = options([("left", str(_("把账号设为离职，不能再登录")))])
        fields.append(bare("after", str(_("之后")), "choices", value=after, options=leave))
    said = str(_("没有运行中的记录")) if not held else str(_("%(length)s内可以撤销", length=length_said(WITHIN)))
    return dialog(
        reader, str(_("离职交接：%(name)s", name=record.title)), f"/records/user/{user_id}/hand_over", fields,
        str(_("交接")), said=said, errors=whole,
    )  # fmt: skip


def _held(reader: Reader, one: Belongings) -> str:
    return str(_("%(name)s %(n)s 条", name=reader.say(one.entity.label), n=one.running))

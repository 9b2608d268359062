"""审批委托: who decides in my place while I am away.

The one rule: one's own absence only; a deputy never decides his own papers, which this page says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.access.asked import stands_in_for
from yuanke.kernel import clock
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message
from yuanke.metadata.approvals import approvable
from yuanke.records import Condition, Query, Record
from yuanke.screens.controls import control
from yuanke.screens.incoming import is_held, raw_of
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.typed import typed
from yuanke.web.language import enumerated, say
from yuanke.web.requests import give_up
from yuanke.workflow.approvals.telling import names_of

DEPUTY = "deputy"
FIELDS = ("deputy", "since", "till", "entities", "reason")
Errors = Mapping[str, Sequence[Message]]


def deputies_page(reader: Reader, errors: Errors | None = None) -> Response:
    today = clock.today(reader.place.timezone)
    rows = [_row(reader, one, today) for one in _mine(reader)]
    mine = [one.user for one in stands_in_for(reader.unit, reader.actor.user_id or 0)]
    model = {
        "rows": rows, "fields": _fields(reader, errors), "errors": [say(m) for m in (errors or {}).get("", ())],
        "for_others": enumerated(names_of(reader.unit, mine)) if mine else None,
    }  # fmt: skip
    context = {"page": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("deputies.html", locale=reader.locale, **context), 422 if errors else 200)


def appoint(reader: Reader) -> Response:
    """POST: entered, through the door as oneself."""
    entity = reader.registry.entities[DEPUTY]
    given = {
        key: raw_of(entity.fields[key], key, request.form)
        for key in FIELDS
        if is_held(entity.fields[key], key, request.form)
    }
    known = {one["key"] for one in _papers(reader)}
    given["entities"] = [key for key in request.form.getlist("entities") if key in known]
    if str(given.get("deputy")) == str(reader.actor.user_id):
        return _refused({"deputy": [_not_himself()]})
    try:
        reader.records.create(DEPUTY, {key: value for key, value in given.items() if value not in ("", [])})
    except ValidationFailed as fault:
        return _refused(fault.errors)
    flash(str(_("已设置委托")), "success")
    return redirect("/approvals/deputies", 303)  # type: ignore[return-value]


def end(reader: Reader, deputy: int) -> Response:
    """POST: it is over, or never begins."""
    reader.records.delete(DEPUTY, deputy)
    flash(str(_("委托已结束")), "success")
    return redirect("/approvals/deputies", 303)  # type: ignore[return-value]


def _refused(errors: Errors) -> Response:
    give_up()
    return deputies_page(fresh(), errors)


def _not_himself() -> Message:
    from yuanke.kernel.text import message

    return message("不能委托给自己")


def _mine(reader: Reader) -> list[Record]:
    query = Query(
        conditions=(Condition("owner", "eq", reader.actor.user_id),),
        fields=FIELDS,
        sort=("-till", "-id"),
        limit=50,
        count="none",
    )
    return reader.records.list(DEPUTY, query).records


def _row(reader: Reader, one: Record, today: Any) -> dict[str, Any]:
    values = one.values
    labels = {paper["key"]: paper["label"] for paper in _papers(reader)}
    over, coming = values["till"] < today, values["since"] > today
    state = (_("已结束"), "grey") if over else (_("未开始"), "blue") if coming else (_("生效中"), "green")
    papers = enumerated(labels.get(key, key) for key in values.get("entities") or ()) or str(_("全部单据"))
    return {
        "who": values["deputy"].title, "since": str(values["since"]), "till": str(values["till"]), "papers": papers,
        "reason": values.get("reason"), "state": (str(state[0]), state[1]), "end_url": None if over else f"/approvals/deputies/{one.id}/end",
    }  # fmt: skip


def _papers(reader: Reader) -> list[dict[str, Any]]:
    """Kinds of papers that somebody may have to approve."""
    return [
        {"key": key, "label": reader.say(entity.label), "color": "gray", "retired": False}
        for key, entity in reader.registry.entities.items()
        if approvable(entity) and reader.may(entity, "read")
    ]


def _fields(reader: Reader, errors: Errors | None) -> list[dict[str, Any]]:
    entity, made = reader.registry.entities[DEPUTY], []
    for key in FIELDS:
        field = entity.fields[key]
        value = clock.today(reader.place.timezone) if key == "since" else None
        one = control(reader, entity, field, value, writable=True, errors=[say(m) for m in (errors or {}).get(key, ())])
        one |= {"formula": False, "span": "wide" if key == "reason" else 1}
        if key == "entities":
            one |= {
                "widget": "choices",
                "style": "pills",
                "options": _papers(reader),
                "help": str(_("不选表示全部")),
                "span": "wide",
            }
            one["value"] = request.form.getlist("entities") if errors else []
        elif errors is not None:
            one["value"] = typed(reader, field, one, key)
        made.append(one)
    return made

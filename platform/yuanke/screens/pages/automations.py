"""Automations for an administrator: which there are, whether they run, how it went, and a dry run on a chosen record.

The one rule: a page here only switches and watches; what an automation does is a definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.fieldtypes import ValueFault, catalogue
from yuanke.kernel import clock
from yuanke.metadata.registry import Field
from yuanke.records import Condition, Query
from yuanke.screens import urls
from yuanke.screens.controls import control
from yuanke.screens.dialogs import dialog
from yuanke.screens.pages.automation_words import ICONS, step_verb, steps_said, trigger_said, verb_said
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.web.language import enumerated, say
from yuanke.web.requests import give_up
from yuanke.workflow.automations import Automation, incoming, logbook, switching
from yuanke.workflow.automations import overview as seen
from yuanke.workflow.automations.overview import Seen
from yuanke.workflow.automations.rehearsal import rehearse

HOME = "/settings/automations"
PAGE = 30
STATES = {"done": "green", "skipped": "gray", "failed": "red", "stopped": "orange"}


def state_said(state: str) -> str:
    words = {"done": _("成功"), "skipped": _("跳过"), "failed": _("失败"), "stopped": _("已中止")}
    return str(words.get(state, state))


# -- the list ----------------------------------------------------------------------------------------------------------


def automations_page(reader: Reader) -> Response:
    found = seen.overview(reader.unit, reader.actor)
    tab = request.args.get("show", "")
    chosen = [one for one in found if _in_tab(one, tab)]
    tabs = [
        {"label": label, "url": urls.with_query(HOME, {"show": key}), "on": tab == key, "count": sum(_in_tab(one, key) for one in found)}
        for key, label in (("", str(_("全部"))), ("on", str(_("运行中"))), ("off", str(_("已暂停"))), ("failed", str(_("最近失败"))))
    ]  # fmt: skip
    everything = seen.all_paused(reader.unit)
    page = {
        "title": str(_("自动化")), "count": len(found), "tabs": tabs, "rows": [_row(reader, one) for one in chosen],
        "all_paused": everything, "resume_url": f"{HOME}/resume", "pause_url": f"{HOME}/pause",
    }  # fmt: skip
    return _render(reader, "automations.html", page=page)


def _in_tab(one: Seen, tab: str) -> bool:
    failed = bool(one.runs.get("failed") or one.runs.get("stopped"))
    return {"on": one.on, "off": not one.on, "failed": failed}.get(tab, True)


def _row(reader: Reader, one: Seen) -> dict[str, Any]:
    automation = one.automation
    return {
        "label": reader.say(automation.label), "key": automation.address, "url": _url(automation), "icon": ICONS[automation.trigger],
        "entity": reader.say(automation.entity.label), "trigger": trigger_said(reader, automation),
        "on": one.on, "fixed": not automation.active, "switch_url": f"{_url(automation)}/{'resume' if one.paused else 'pause'}",
        "last": _last(reader, one), "counts": _counts(one), "next": when(reader, one.next) if one.next else None,
    }  # fmt: skip


def _last(reader: Reader, one: Seen) -> dict[str, Any] | None:
    if one.last is None:
        return None
    return {
        "state": state_said(one.last.state),
        "colour": STATES[one.last.state],
        "when": when(reader, one.last.at),
    }


def _counts(one: Seen) -> list[dict[str, Any]]:
    return [
        {"label": state_said(state), "n": one.runs[state], "colour": colour}
        for state, colour in STATES.items()
        if one.runs.get(state)
    ]


def _url(automation: Automation) -> str:
    return f"{HOME}/{automation.entity.key}/{automation.key}"


def when(reader: Reader, moment: datetime) -> str:
    """``今天 08:00``, ``11-24 17:02``, with the year where it is another one."""
    at, today = moment.astimezone(ZoneInfo(reader.place.timezone)), clock.today(reader.place.timezone)
    days = (at.date() - today).days
    named = {0: _("今天"), 1: _("明天"), -1: _("昨天")}.get(days)
    if named is not None:
        return f"{named} {at:%H:%M}"
    return f"{at:%m-%d %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d}"


# -- one of them -------------------------------------------------------------------------------------------------------


def automation_page(reader: Reader, entity: str, name: str, secret: str | None = None) -> Response:
    one = seen.one(reader.unit, reader.actor, f"{entity}.{name}")
    automation = one.automation
    state = request.args.get("state", "")
    page = {
        **_row(reader, one),
        "crumbs": [{"label": str(_("设置")), "url": "/settings"}, {"label": str(_("自动化")), "url": HOME}],
        "when": automation.when, "steps": list(steps_said(reader, automation.entity, automation.steps)),
        "waiting": one.waiting, "dry_url": f"{_url(automation)}/dry-run" if automation.trigger != "hook" else None,
        "hook": _hook(reader, automation, secret), "runs": _runs(reader, one, state),
        "paused_all": seen.all_paused(reader.unit),
    }  # fmt: skip
    return _render(reader, "automation.html", page=page)


def _hook(reader: Reader, automation: Automation, secret: str | None) -> dict[str, Any] | None:
    if automation.trigger != "hook":
        return None
    return {
        "url": request.host_url.rstrip("/") + seen.hook_address(reader.unit, automation), "secret": secret,
        "has_secret": seen.has_secret(reader.unit, automation), "secret_url": f"{_url(automation)}/secret",
        "fields": [{"key": key, "label": reader.say(f.label), "required": f.required} for key, f in automation.ask.items()],
    }  # fmt: skip


def _runs(reader: Reader, one: Seen, state: str) -> dict[str, Any]:
    automation = one.automation
    states = [state] if state in logbook.STATES else []
    before = request.args.get("before", "")
    found = logbook.entries(
        reader.unit, automation.address, states, before=int(before) if before.isdigit() and len(before) < 18 else None, limit=PAGE + 1
    )  # fmt: skip
    shown = found[:PAGE]
    titles, people = (
        record_titles(reader, automation.entity.key, (e.record for e in shown)),
        user_names(reader, (e.by for e in shown)),
    )
    tabs = [
        {"label": label, "url": urls.with_query(_url(automation), {"state": key}), "on": key == (states[0] if states else "")}
        for key, label in (("", str(_("全部"))), *((s, state_said(s)) for s in logbook.STATES))
    ]  # fmt: skip
    more = urls.with_query(_url(automation), {"state": state, "before": shown[-1].id}) if len(found) > PAGE else None
    return {"tabs": tabs, "more": more, "rows": [_run(reader, automation, e, titles, people) for e in shown]}


def _run(
    reader: Reader, automation: Automation, entry: logbook.Entry, titles: dict[int, str], people: dict[int, str]
) -> dict[str, Any]:
    record = entry.record
    return {
        "when": when(reader, entry.at), "state": state_said(entry.state), "colour": STATES[entry.state],
        "record": titles.get(record, f"#{record}") if record is not None else None,
        "url": urls.record(automation.entity.key, record) if record in titles and record is not None else None,
        "cause": verb_said(reader, automation.entity, entry.event), "by": people.get(entry.by or 0),
        "did": enumerated(_did(reader, verb, what) for verb, what in entry.did) if entry.did else None,
        "said": say(entry.said) if entry.said else None, "chain": " → ".join(entry.chain) if entry.chain else None,
        "job": f"/settings/jobs?job={entry.job}" if entry.job else None,
    }  # fmt: skip


def _did(reader: Reader, verb: str, what: Any) -> str:
    """``新建 记事``, ``通知 2 人``: what one step told."""
    said = step_verb(verb)
    if not isinstance(what, dict):
        return said
    of = reader.registry.entities.get(str(what.get("entity", "")))
    if of is not None:
        fields = [reader.say(of.fields[key].label) for key in what.get("fields") or () if key in of.fields]
        named = enumerated(fields[:3]) if fields else f"{reader.say(of.label)} #{what.get('id')}"
        return f"{said} {named}"
    to = what.get("to")
    return f"{said} {_('%(n)s 人', n=len(to))}" if isinstance(to, list) else said


def record_titles(reader: Reader, entity: str, ids: Iterable[int | None]) -> dict[int, str]:
    """Titles of those that the reader may open."""
    wanted = sorted({one for one in ids if one is not None})
    known = reader.registry.entities.get(entity)
    if not wanted or known is None or known.kind != "record" or not reader.may(known, "read"):
        return {}
    query = Query(conditions=(Condition("id", "in", wanted),), fields=(known.title,), limit=len(wanted), count="none")
    return {record.id: record.title for record in reader.records.list(entity, query).records}


def user_names(reader: Reader, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return {}
    query = Query(conditions=(Condition("id", "in", wanted),), fields=("name",), limit=len(wanted), count="none")
    return {user.id: user.title for user in reader.records.list("user", query).records}


# -- switching ---------------------------------------------------------------------------------------------------------


def switch(reader: Reader, entity: str, name: str, on: bool) -> Response:
    one = seen.one(reader.unit, reader.actor, f"{entity}.{name}")
    (switching.resume if on else switching.pause)(reader.unit, reader.actor, one.automation.address)
    label = reader.say(one.automation.label)
    flash(str(_("“%(name)s”已恢复运行", name=label) if on else _("“%(name)s”已暂停", name=label)), "success")
    return _back(_url(one.automation))


def switch_all(reader: Reader, on: bool) -> Response:
    seen.admin_only(reader.actor)
    (switching.resume if on else switching.pause)(reader.unit, reader.actor, switching.ALL)
    flash(str(_("自动化已恢复运行") if on else _("全部自动化已暂停")), "success")
    return _back(HOME)


def _back(home: str) -> Response:
    """To the page one came from: the list or the automation's own."""
    came = request.referrer or ""
    listed = came.split("?")[0].endswith(HOME)
    return redirect(came if listed and came.startswith(request.host_url) else home, 303)  # type: ignore[return-value]


def new_secret(reader: Reader, entity: str, name: str) -> Response:
    """The page with the new secret on it, this once."""
    one = seen.one(reader.unit, reader.actor, f"{entity}.{name}")
    return automation_page(reader, entity, name, incoming.new_secret(reader.unit, reader.actor, one.automation))


# -- dry run -----------------------------------------------------------------------------------------------------------


def ask_record(reader: Reader, entity: str, name: str, errors: Sequence[str] = ()) -> Response:
    one = seen.one(reader.unit, reader.actor, f"{entity}.{name}")
    automation = one.automation
    field = Field("", "record", catalogue()["link"], automation.entity.label, targets=(automation.entity.key,))
    made = control(reader, automation.entity, field, None, writable=True, errors=errors)
    made = {
        **made,
        "id": "d-record",
        "lookup_url": urls.lookup(automation.entity.key),
        "required": True,
        "label": str(_("在哪条记录上试")),
    }
    said = str(_("只算给你看，什么都不会改变"))
    title = str(_("试运行：%(name)s", name=reader.say(automation.label)))
    return dialog(reader, title, f"{_url(automation)}/dry-run", [made], str(_("试运行")), said=said)


def dry_run(reader: Reader, entity: str, name: str) -> Response:
    one = seen.one(reader.unit, reader.actor, f"{entity}.{name}")
    given = request.form.get("record", "")
    if not given.isdigit() or len(given) > 18:
        give_up()
        return ask_record(fresh(), entity, name, [str(_("请选择一条记录"))])
    record = reader.records.get(one.automation.entity.key, int(given))
    found = rehearse(reader.unit, reader.actor, one.automation, record.id)
    model = {
        "title": reader.say(one.automation.label), "record": record.title, "state": state_said(found.state),
        "colour": STATES[found.state], "said": say(found.said) if found.said else None,
        "changes": [_change(reader, change) for change in found.changes],
        "told": [{"verb": step_verb(verb), "what": _told(reader, what)} for verb, what in found.told],
        "again_url": f"{_url(one.automation)}/dry-run",
    }  # fmt: skip
    return make_response(render_template("_rehearsal.html", found=model, locale=reader.locale))


def _change(reader: Reader, change: Any) -> dict[str, Any]:
    entity = reader.registry.entities[change.entity]
    shown = [
        {"label": reader.say(field.label), "old": field_text(reader, field, pair[0]), "new": field_text(reader, field, pair[1])}
        for key, pair in change.changes.items()
        if (field := entity.fields.get(key)) is not None and not field.rows and not field.pairs and not field.retired
    ]  # fmt: skip
    titles = record_titles(reader, change.entity, [change.record])
    return {
        "verb": verb_said(reader, entity, change.verb), "entity": reader.say(entity.label), "new": change.verb == "create",
        "record": titles.get(change.record, f"#{change.record}"), "fields": [f for f in shown if f["old"] != f["new"]],
    }  # fmt: skip


def field_text(reader: Reader, field: Field, value: Any) -> str | None:
    """A value of the history as people read it; a link by its title."""
    if value is None:
        return None
    if field.targets:
        of, one = _target(field, value)
        titles = user_names(reader, [one]) if of == "user" else record_titles(reader, of, [one])
        return titles.get(one, f"#{one}")
    try:
        return field.type.text(field, field.type.parse(field, value, reader.place), reader.place)
    except ValueFault:
        return str(value)


def _target(field: Field, value: Any) -> tuple[str, int]:
    """Entity and id of a link as the history holds it."""
    if isinstance(value, dict):
        return str(value.get("entity") or field.targets[0]), int(value["id"])
    entity, _dot, one = str(value).rpartition(":")
    return entity or field.targets[0], int(one)


def _told(reader: Reader, what: Any) -> str:
    """Whom, and what he is told."""
    if not isinstance(what, dict):
        return ""
    to = what.get("to")
    many = to if isinstance(to, list) else [to] if to is not None else []
    names = user_names(reader, (one for one in many if isinstance(one, int)))
    who = enumerated(names.get(one, str(one)) for one in many)
    return " · ".join(part for part in (who, str(what.get("text") or what.get("subject") or "")) if part)


def _render(reader: Reader, template: str, **context: Any) -> Response:
    return make_response(render_template(template, shell=shell(reader), seen=None, locale=reader.locale, **context))

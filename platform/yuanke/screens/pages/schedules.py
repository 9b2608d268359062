"""What runs behind the pages, for an administrator: jobs in all states, and what is planned for when.

The one rule: a job is put back or stopped by the same functions as through the API.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.jobs import STATES, Job, cancel, counts, find, label_of, recent, retry
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.screens import urls
from yuanke.screens.pages.automation_words import schedule_said
from yuanke.screens.pages.automations import user_names, when
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell
from yuanke.web.addresses import local_path
from yuanke.web.language import say
from yuanke.web.requests import give_up
from yuanke.workflow.automations import overview as seen

HOME = "/settings/jobs"
PAGE = 50
COLOURS = {"queued": "gray", "running": "blue", "done": "green", "failed": "red", "cancelled": "gray"}


def state_said(state: str) -> str:
    words = {
        "queued": _("排队中"), "running": _("运行中"), "done": _("已完成"), "failed": _("失败"), "cancelled": _("已停止"),
    }  # fmt: skip
    return str(words[state])


def jobs_page(reader: Reader) -> Response:
    _admin(reader)
    if request.args.get("show") == "schedules":
        return _schedules(reader)
    state = request.args.get("state", "")
    states = [state] if state in STATES else []
    found = _found(reader, states)
    shown = found[:PAGE]
    people = user_names(reader, (job.created_by for job in shown))
    more = urls.with_query(HOME, {"state": state, "before": shown[-1].id}) if len(found) > PAGE else None
    page = {
        "tabs": _tabs(reader, state),
        "rows": [_row(reader, job, people) for job in shown],
        "more": more,
        "schedules": None,
    }
    return _render(reader, page)


def _found(reader: Reader, states: list[str]) -> list[Job]:
    one = request.args.get("job", "")
    if one.isdigit() and len(one) < 18:
        return [find(reader.unit, reader.actor, int(one))]
    before = request.args.get("before", "")
    last = int(before) if before.isdigit() and len(before) < 18 else None
    return recent(reader.unit, reader.actor, limit=PAGE + 1, states=states, before=last)


def _tabs(reader: Reader, state: str, planned: bool = False) -> list[dict[str, Any]]:
    held = counts(reader.unit, reader.actor)
    tabs = [{"label": str(_("全部")), "url": HOME, "on": not state and not planned, "count": sum(held.values())}]
    tabs += [
        {"label": state_said(one), "url": urls.with_query(HOME, {"state": one}), "on": state == one, "count": held[one]}
        for one in STATES
    ]
    return [*tabs, {"label": str(_("计划")), "url": f"{HOME}?show=schedules", "on": planned, "count": None}]


def _row(reader: Reader, job: Job, people: dict[int, str]) -> dict[str, Any]:
    open_ = not job.ended
    return {
        "id": job.id, "label": reader.say(label_of(job.kind)), "what": _what(reader, job), "state": state_said(job.state),
        "colour": COLOURS[job.state], "percent": job.progress if job.state == "running" else None,
        "by": people.get(job.created_by or 0) or str(_("系统")), "made": when(reader, job.created_at),
        "at": when(reader, job.ended_at or job.started_at or job.run_at), "attempts": job.attempts,
        "later": open_ and job.state == "queued" and job.started_at is None and job.run_at > job.created_at,
        "said": say(job.error) if job.error else say(job.said) if job.said else None, "failed": job.state == "failed",
        "stopping": job.cancel_asked and open_,
        "retry_url": f"{HOME}/{job.id}/retry" if job.may_retry else None,
        "cancel_url": f"{HOME}/{job.id}/cancel" if open_ and not job.cancel_asked else None,
    }  # fmt: skip


def _what(reader: Reader, job: Job) -> dict[str, Any] | None:
    """What it is about, with the way there: an automation, an entity."""
    address = str(job.arguments.get("automation", ""))
    entity, _dot, name = address.partition(".")
    if name:
        known = next(
            (one for one in seen.overview(reader.unit, reader.actor) if one.automation.address == address), None
        )
        label = reader.say(known.automation.label) if known is not None else address
        return {"label": label, "url": f"/settings/automations/{entity}/{name}" if known is not None else None}
    of = reader.registry.entities.get(
        str(job.arguments.get("entity") or (job.arguments.get("mapping") or {}).get("entity", ""))
    )
    return (
        {"label": reader.say(of.plural), "url": urls.entity(of.key)} if of is not None and of.kind == "record" else None
    )


def _schedules(reader: Reader) -> Response:
    """What is planned, the next first: schedules by their time, moments by the first that waits."""
    found = [(one.next, one) for one in seen.overview(reader.unit, reader.actor) if one.next is not None]
    rows = [
        {
            "label": reader.say(one.automation.label), "url": f"/settings/automations/{one.automation.entity.key}/{one.automation.key}",
            "entity": reader.say(one.automation.entity.label),
            "rule": schedule_said(one.automation.schedule) if one.automation.trigger == "every" else one.automation.moment,
            "code": one.automation.trigger != "every", "next": when(reader, due), "waiting": one.waiting, "on": one.on,
            "last": when(reader, one.last.at) if one.last else None,
        }
        for due, one in sorted(found, key=lambda pair: (not pair[1].on, pair[0]))
    ]  # fmt: skip
    return _render(reader, {"tabs": _tabs(reader, "", planned=True), "rows": [], "more": None, "schedules": rows})


def retry_job(reader: Reader, job_id: int) -> Response:
    _admin(reader)
    try:
        retry(reader.unit, reader.actor, job_id)
        flash(str(_("已放回队列")), "success")
    except Refused as refusal:
        give_up()
        flash(say(refusal.said), "danger")
    return _back()


def cancel_job(reader: Reader, job_id: int) -> Response:
    _admin(reader)
    job = cancel(reader.unit, reader.actor, job_id)
    flash(str(_("已停止") if job.ended else _("会在做完手上这一步后停止")), "success")
    return _back()


def _back() -> Response:
    return redirect(local_path(request.referrer or HOME), 303)  # type: ignore[return-value]


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise RecordNotFound()


def _render(reader: Reader, page: dict[str, Any]) -> Response:
    page["crumbs"] = [{"label": str(_("设置")), "url": "/settings"}]
    context = {"page": page, "shell": shell(reader), "seen": None, "locale": reader.locale}
    return make_response(render_template("jobs.html", **context))

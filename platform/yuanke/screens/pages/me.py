"""What belongs to the person who is logged in: address and telephone, language, password, where he is logged in.

The one rule: of himself a person changes only what decides no rights; everything else is the administrator's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response, flash, make_response, redirect, render_template, request, session
from flask_babel import gettext as _

from yuanke.access.grants import engine_of
from yuanke.access.sessions import SESSION, end_all, open_session
from yuanke.kernel import clock
from yuanke.kernel.errors import TooManyRequests, ValidationFailed
from yuanke.kernel.text import Message
from yuanke.records import Record, Records
from yuanke.screens.controls import bare, control
from yuanke.screens.incoming import differs, is_held, raw_of
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.typed import typed
from yuanke.web import requests
from yuanke.web.language import say
from yuanke.web.own_password import change_own

SHOWN = ("name", "username", "department", "manager")
CHANGED = ("email", "mobile", "locale")
Errors = Mapping[str, Sequence[Message]]
MOST_SESSIONS = 20


# -- profile ------------------------------------------------------------------------------------------------------


def profile(reader: Reader, errors: Errors | None = None) -> Response:
    entity, record = reader.registry.entities["user"], _myself(reader)
    fields = [
        control(reader, entity, entity.fields[k], record.values.get(k), writable=False, of=record)
        for k in SHOWN
        if k in record.values
    ]
    for key in CHANGED:
        field = entity.fields[key]
        made = control(
            reader,
            entity,
            field,
            record.values.get(key),
            writable=True,
            errors=[say(m) for m in (errors or {}).get(key, ())],
        )
        fields.append({**made, "value": typed(reader, field, made, key)} if errors is not None else made)
    form = {
        "title": str(_("个人资料")),
        "said": str(_("姓名、部门和角色由系统管理员维护")),
        "url": "/me",
        "fields": fields,
        "submit": str(_("保存")),
        "errors": [],
    }
    return _page(reader, "/me", form, 422 if errors else 200)


def save_profile(reader: Reader) -> Response:
    """POST email, mobile, locale: through the door as the engine, for these fields alone."""
    entity, record = reader.registry.entities["user"], _myself(reader)
    given = {
        k: raw_of(entity.fields[k], k, request.form) for k in CHANGED if is_held(entity.fields[k], k, request.form)
    }
    values = {k: raw for k, raw in given.items() if differs(reader, entity.fields[k], raw, record.values.get(k))}
    try:
        if values:
            _engine(reader).update("user", record.id, values)
    except ValidationFailed as fault:
        requests.give_up()
        return profile(fresh(), fault.errors)
    if values.get("locale"):
        session["locale"] = values["locale"]
    flash(str(_("已保存")), "success")
    return redirect("/me", 303)  # type: ignore[return-value]


def _engine(reader: Reader) -> Records:
    return Records(reader.unit, engine_of(reader.actor))


def _myself(reader: Reader) -> Record:
    return _engine(reader).get("user", reader.actor.user_id or 0)


# -- password -----------------------------------------------------------------------------------------------------


def password(reader: Reader, errors: Errors | None = None) -> Response:
    labels = {"old": _("原密码"), "new": _("新密码"), "again": _("再输入一次新密码")}
    fields = [secret(key, str(label), [say(m) for m in (errors or {}).get(key, ())]) for key, label in labels.items()]
    fields[0]["username"] = reader.actor.username
    said = str(_("修改后，其他设备上的登录会全部退出"))
    form = {"title": str(_("修改密码")), "said": said, "url": "/me/password", "fields": fields, "submit": str(_("修改密码")),
            "errors": [say(m) for m in (errors or {}).get("", ())]}  # fmt: skip
    return _page(reader, "/me/password", form, 422 if errors else 200)


def secret(key: str, label: str, errors: list[str]) -> dict[str, Any]:
    """A control for a password."""
    return bare(
        key, label, "secret", id=f"f-{key}", help=str(_("至少 8 位")) if key == "new" else "", required=True, errors=errors, span="wide",
        autocomplete="current-password" if key == "old" else "new-password",
    )  # fmt: skip


def change_password() -> Response:
    """POST old, new, again. The view is ``late``: no unit stands while the hashes are compared."""
    old, new, again = (request.form.get(key, "") for key in ("old", "new", "again"))
    if new != again:
        return password(fresh(), {"again": [Message("两次输入的新密码不一样", {})]})
    try:
        kept, _actor = change_own(old, new)
    except ValidationFailed as fault:
        requests.give_up()
        return password(fresh(), fault.errors)
    except TooManyRequests as fault:
        requests.give_up()
        return password(fresh(), {"": [fault.said]})
    session["session"] = kept
    flash(str(_("密码已修改，其他登录已退出")), "success")
    return redirect("/me/password", 303)  # type: ignore[return-value]


# -- log-ins ------------------------------------------------------------------------------------------------------


def end_others(reader: Reader) -> Response:
    """POST: every log-in of mine ends, this one goes on under a new name."""
    user_id = reader.actor.user_id or 0
    end_all(reader.unit, user_id)
    session["session"] = open_session(
        reader.unit, user_id, "screen", request.remote_addr or "", request.user_agent.string
    )
    flash(str(_("其他登录已退出")), "success")
    return redirect("/me", 303)  # type: ignore[return-value]


def _sessions(reader: Reader) -> dict[str, Any]:
    who, zone = requests.shown(), ZoneInfo(reader.place.timezone)
    epoch = reader.unit.head.epoch
    mine = sa.select(SESSION).where(
        SESSION.c.user_id == reader.actor.user_id, SESSION.c.ended_at.is_(None), SESSION.c.expires_at > clock.now(), SESSION.c.epoch == epoch,
    )  # fmt: skip
    found = reader.unit.execute(mine.order_by(SESSION.c.created_at.desc()).limit(MOST_SESSIONS)).all()
    rows = [
        {"device": _device(row.agent or ""), "address": row.address or "", "when": row.created_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
         "here": who is not None and row.id == who.session}
        for row in found
    ]  # fmt: skip
    return {"title": str(_("登录的设备")), "rows": rows, "end_url": "/me/sessions" if len(rows) > 1 else None}


def _device(agent: str) -> str:
    """``Chrome · Windows``, as far as the browser says."""
    browser = next(
        (
            name
            for word, name in (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
            if word in agent
        ),
        None,
    )
    system = next(
        (
            name
            for word, name in (
                ("Windows", "Windows"),
                ("Android", "Android"),
                ("iPhone", "iPhone"),
                ("Mac OS", "macOS"),
                ("Linux", "Linux"),
            )
            if word in agent
        ),
        None,
    )
    return " · ".join(part for part in (browser, system) if part) or agent[:60] or str(_("未知设备"))


# -- the page -----------------------------------------------------------------------------------------------------


def tabs_of(here: str) -> list[dict[str, Any]]:
    pages = (("/me", _("个人资料")), ("/me/messages", _("消息")), ("/me/password", _("修改密码")))
    return [{"label": str(label), "url": url, "on": url == here} for url, label in pages]


def _page(reader: Reader, here: str, form: dict[str, Any], status: int) -> Response:
    model = {
        "title": reader.actor.name or reader.actor.username,
        "tabs": tabs_of(here),
        "notes": [],
        "form": form,
        "sessions": _sessions(reader) if here == "/me" else None,
    }
    context = {
        "me": model,
        "shell": shell(reader),
        "seen": None,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("me.html", **context), status)

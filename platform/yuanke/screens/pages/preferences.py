"""Which messages reach me how, and when I want to be left alone.

The one rule: it is one record of mine, saved through the door; a channel that is not shown keeps what was chosen for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message
from yuanke.messages.account import mail_account
from yuanke.messages.channels import channels
from yuanke.messages.kinds import APP, KINDS, MAIL
from yuanke.messages.mailing import has_mail
from yuanke.messages.preferences import PREFERENCES, Preference, person
from yuanke.messages.robots import robots
from yuanke.records import Condition, Query, Record
from yuanke.screens.controls import control
from yuanke.screens.incoming import is_held, raw_of
from yuanke.screens.pages.me import tabs_of
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.web import requests
from yuanke.web.language import say

HERE = "/me/messages"
QUIET = ("quiet_since", "quiet_till", "quiet_weekend")
DIGEST = ("digest", "digest_at")
FOLLOW = ("auto_follow",)
Errors = Mapping[str, Sequence[Message]]


def preferences_page(reader: Reader, errors: Errors | None = None) -> Response:
    standing = _standing(reader)
    mine = person(reader.unit, reader.actor.user_id or 0)
    chosen = mine.preference if mine is not None else Preference()
    shown = _channels(reader)
    kinds = [
        {"key": key, "label": say(label), "ticks": [chosen.wants(key, channel) for channel, _label in shown]}
        for key, label in KINDS.items()
    ]
    parts = [
        {"title": str(_("关注")), "said": str(_("给记录加星标就会关注它：别人修改或评论时通知你")), "fields": _fields(reader, FOLLOW, standing, errors)},
        {"title": str(_("免打扰")), "said": str(_("这段时间里邮件和群消息会推迟，站内消息照常出现")), "fields": _fields(reader, QUIET, standing, errors)},
        {"title": str(_("每日汇总")), "said": str(_("每天一封邮件：今天的提醒和还没读的消息")), "fields": _fields(reader, DIGEST, standing, errors)},
    ]  # fmt: skip
    model = {
        "title": reader.actor.name or reader.actor.username, "tabs": tabs_of(HERE), "notes": _notes(reader, mine), "url": HERE,
        "channels": [{"key": key, "label": label} for key, label in shown], "kinds": kinds, "parts": parts,
        "errors": [say(one) for one in (errors or {}).get("channels", ())],
    }  # fmt: skip
    context = {"me": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("me_messages.html", locale=reader.locale, **context), 422 if errors else 200)


def _channels(reader: Reader) -> list[tuple[str, str]]:
    """Those that reach anybody here: the application, mail, and channels of robots that are set up."""
    known, used = channels(), {robot.channel for robot in robots(reader.unit)}
    plugged = [(key, channel.label.say(reader.locale)) for key, channel in known.items() if key in used]
    return [(APP, str(_("站内"))), (MAIL, str(_("邮件"))), *plugged]


def _notes(reader: Reader, mine: Any) -> list[dict[str, Any]]:
    if mail_account(reader.unit) is None:
        return [{"tone": "info", "title": str(_("企业还没有设置邮件服务器，暂时收不到邮件")), "said": None}]
    if mine is None or not has_mail(mine.email):
        action = {"label": str(_("填写邮箱")), "url": "/me"}
        return [{"tone": "", "title": str(_("你还没有填写邮箱，收不到邮件")), "said": None, "action": action}]
    return []


def _fields(
    reader: Reader, keys: Sequence[str], standing: Record | None, errors: Errors | None
) -> list[dict[str, Any]]:
    entity, made = reader.registry.entities[PREFERENCES], []
    for key in keys:
        field = entity.fields[key]
        value = standing.values.get(key) if standing is not None else getattr(Preference(), key)
        told = [say(one) for one in (errors or {}).get(key, ())]
        made.append(control(reader, entity, field, value, writable=True, errors=told))
    return made


def save_preferences(reader: Reader) -> Response:
    """POST ``wants`` (``channel:kind``, ticked ones), ``shown`` (channels), and the fields."""
    standing, entity = _standing(reader), reader.registry.entities[PREFERENCES]
    held = dict(standing.values.get("channels") or {}) if standing is not None else {}
    ticked = [one.partition(":")[::2] for one in request.form.getlist("wants")]
    for channel in request.form.getlist("shown"):
        held[channel] = [kind for at, kind in ticked if at == channel]
    fields = [entity.fields[key] for key in (*QUIET, *DIGEST, *FOLLOW)]
    values = {f.key: raw_of(f, f.key, request.form) for f in fields if is_held(f, f.key, request.form)}
    values = {**values, "channels": held}
    try:
        if standing is None:
            reader.records.create(PREFERENCES, values)
        else:
            reader.records.update(PREFERENCES, standing.id, values)
    except ValidationFailed as fault:
        requests.give_up()
        return preferences_page(fresh(), fault.errors)
    flash(str(_("已保存")), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def _standing(reader: Reader) -> Record | None:
    query = Query(
        conditions=(Condition("owner", "eq", "me"),),
        fields=("channels", *QUIET, *DIGEST, *FOLLOW),
        limit=1,
        count="none",
    )
    return next(iter(reader.records.list(PREFERENCES, query).records), None)

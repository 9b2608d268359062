"""How the enterprise reaches people and systems outside: mail server, robots of chat groups, webhooks.

The one rule: a password is taken and never shown again; everything can be tried out before it is relied on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, Refused
from yuanke.kernel.text import Message, message
from yuanke.messages import account, trials
from yuanke.messages.errands import WEBHOOKS
from yuanke.messages.outside import target_of
from yuanke.records import Query, Record
from yuanke.screens import urls
from yuanke.screens.controls import bare
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.web import requests
from yuanke.web.language import say

HERE = "/settings/messages"
TEXTS = {"address": 200, "host": 255, "port": 5, "username": 255, "sender": 255, "sender_name": 100}
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]+")
Errors = Mapping[str, Sequence[Message]]


def outgoing_page(reader: Reader, errors: Errors | None = None) -> Response:
    _admins_only(reader)
    row = account.outgoing(reader.unit)
    off = account.is_switched_off(reader.unit)
    model = {
        "notes": _notes(reader, off), "url": HERE, "fields": _fields(reader, row or {}, errors or {}),
        "test_url": f"{HERE}/test" if account.mail_account(reader.unit) is not None else None,
        "hooks": _hooks(reader), "new_url": urls.new(WEBHOOKS), "switch_url": f"{HERE}/switch", "off": off,
    }  # fmt: skip
    context = {"page": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    status = 422 if errors else 200
    return make_response(render_template("settings_messages.html", locale=reader.locale, **context), status)


def _admins_only(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以打开设置"))


def _notes(reader: Reader, off: bool) -> list[dict[str, Any]]:
    if off:
        said = str(_("邮件、网络钩子和群机器人都不会发出；从备份恢复的企业会这样，确认无误后再打开"))
        return [{"tone": "", "title": str(_("对外发送已关闭")), "said": said}]
    row = account.outgoing(reader.unit)
    if (row is None or not row["host"]) and account.machine_account() is not None:
        return [
            {
                "tone": "info",
                "title": str(_("正在使用这台服务器的邮件设置")),
                "said": str(_("在这里填写后改用企业自己的")),
            }
        ]
    return []


def _fields(reader: Reader, row: Mapping[str, Any], errors: Errors) -> list[dict[str, Any]]:
    labels = {
        "address": (_("访问地址"), _("邮件和群消息里的链接从这里开始，例如 https://crm.example.com")), "host": (_("邮件服务器"), _("例如 smtp.exmail.qq.com")),
        "port": (_("端口"), ""), "username": (_("用户名"), ""), "sender": (_("发件地址"), _("留空则用用户名")), "sender_name": (_("发件人名称"), ""),
    }  # fmt: skip
    held = {key: request.form.get(key, "") for key in TEXTS} if errors else {key: row.get(key) or "" for key in TEXTS}
    found = {key: _text(key, str(label), str(help_), held[key], errors) for key, (label, help_) in labels.items()}
    security = [("starttls", _("STARTTLS（推荐，587）")), ("ssl", _("SSL/TLS（465）")), ("none", _("不加密（25）"))]
    chosen = request.form.get("security") if errors else row.get("security")
    found["security"] = {
        **_text("security", str(_("加密方式")), "", chosen or "starttls", errors), "widget": "choice", "style": "select", "required": True,
        "options": [{"key": key, "label": str(label), "retired": False} for key, label in security],
    }  # fmt: skip
    kept = str(_("已设置，留空则不变")) if row.get("password") else ""
    found["password"] = {
        **_text("password", str(_("密码或授权码")), kept, "", errors),
        "widget": "secret",
        "autocomplete": "off",
    }
    order = ("host", "security", "port", "username", "password", "sender", "sender_name", "address")
    return [found[key] for key in order]


def _text(key: str, label: str, help_: str, value: Any, errors: Errors) -> dict[str, Any]:
    said = [say(one) for one in errors.get(key, ())]
    return bare(
        key,
        label,
        "text",
        id=f"f-{key}",
        help=help_,
        errors=said,
        span=1,
        value=str(value),
        length=TEXTS.get(key),
        style="",
    )


def save_outgoing(reader: Reader) -> Response:
    """POST the fields; an empty password keeps the one that stands."""
    _admins_only(reader)
    given = {key: request.form.get(key, "").strip()[:most] for key, most in TEXTS.items()}
    security = request.form.get("security", "starttls")
    errors = _faults(given, security)
    if errors:
        requests.give_up()
        return outgoing_page(fresh(), errors)
    values: dict[str, Any] = {key: text or None for key, text in given.items()}
    values |= {"port": int(given["port"]) if given["port"] else None, "security": security}
    password = request.form.get("password", "")
    if password or not given["host"]:
        values["password"] = password or None
    account.change(reader.unit, reader.actor.user_id, **values)
    flash(str(_("已保存")), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def _faults(given: Mapping[str, str], security: str) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    if given["host"] and not _HOST.fullmatch(given["host"]):
        found["host"] = [message("这不是一个主机名")]
    if given["port"] and not (given["port"].isascii() and given["port"].isdigit() and 0 < int(given["port"]) < 65536):
        found["port"] = [message("端口是 1 到 65535 的整数")]
    if security not in account.SECURITY:
        found["security"] = [message("请选择加密方式")]
    sender = given["sender"] or (given["username"] if given["host"] else "")
    if given["host"] and not _is_address(sender):
        found["sender"] = (
            [message("请填写发件地址")]
            if not given["sender"]
            else [message("邮箱地址不正确：{address}", address=sender)]
        )
    if given["address"]:
        try:
            target_of(given["address"])
        except Refused as refused:
            found["address"] = [refused.said]
    return found


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True


def switch(reader: Reader) -> Response:
    """POST ``on``: everything may go out, or nothing."""
    _admins_only(reader)
    account.change(reader.unit, reader.actor.user_id, active=request.form.get("on") == "1")
    return redirect(HERE, 303)  # type: ignore[return-value]


def try_mail(reader: Reader) -> Response:
    _admins_only(reader)
    try:
        job = trials.try_mail(reader.unit, reader.speaking)
    except Refused as refused:
        flash(say(refused.said), "danger")
        return redirect(HERE, 303)  # type: ignore[return-value]
    return redirect(f"/jobs/{job}", 303)  # type: ignore[return-value]


def try_webhook(reader: Reader, webhook_id: int) -> Response:
    _admins_only(reader)
    return redirect(f"/jobs/{trials.try_webhook(reader.unit, reader.speaking, webhook_id)}", 303)  # type: ignore[return-value]


# -- webhooks and robots ------------------------------------------------------------------------------------------


def _hooks(reader: Reader) -> list[dict[str, Any]]:
    fields = ("name", "format", "url", "active", "failures", "last_at", "last_status")
    page = reader.records.list(WEBHOOKS, Query(fields=fields, sort=("name",), limit=100, count="none"))
    return [_hook(reader, record) for record in page.records]


def _hook(reader: Reader, record: Record) -> dict[str, Any]:
    values, entity = record.values, reader.registry.entities[WEBHOOKS]
    option = (entity.fields["format"].options or {}).get(str(values["format"]))
    at = values.get("last_at")
    when = at.astimezone(ZoneInfo(reader.place.timezone)).strftime("%m-%d %H:%M") if at is not None else None
    state = ("green", str(_("正常"))) if values["active"] else ("gray", str(_("停用")))
    if values["active"] and values.get("failures"):
        state = ("amber", str(_("失败 %(n)s 次", n=values["failures"])))
    return {
        "name": values["name"], "url": urls.record(WEBHOOKS, record.id), "format": reader.say(option.label) if option else values["format"],
        "host": urlsplit(str(values["url"])).hostname or "", "state": state, "last": values.get("last_status"), "when": when,
        "test_url": f"{HERE}/webhooks/{record.id}/test" if values["active"] else None,
    }  # fmt: skip

"""What an administrator does with a user beside his record: a password, set or reset.

The one rule: only an administrator, and every log-in of the user ends with it.
"""

from __future__ import annotations

from flask import Response, flash, request
from flask_babel import gettext as _

from yuanke.access.people import set_password
from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.kernel.text import message
from yuanke.screens import urls
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.pages.me import secret
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.web.language import say
from yuanke.web.requests import give_up


def ask_password(reader: Reader, user_id: int, errors: list[str] | None = None) -> Response:
    _admin(reader)
    record = reader.records.get("user", user_id, ("name", "username"))
    field = {**secret("password", str(_("新密码")), errors or []), "help": str(_("至少 8 位；请当面或用安全的方式告诉他")),
             "username": record.values.get("username")}  # fmt: skip
    said = str(_("%(name)s（%(login)s）的登录会全部退出", name=record.title, login=record.values.get("username") or ""))
    return dialog(reader, str(_("设置密码")), f"/records/user/{user_id}/password", [field], str(_("设置")), said=said)


def give_password(reader: Reader, user_id: int) -> Response:
    _admin(reader)
    try:
        set_password(reader.unit, user_id, request.form.get("password", ""))
    except ValidationFailed as fault:
        give_up()
        return ask_password(fresh(), user_id, [say(m) for said in fault.errors.values() for m in said])
    flash(str(_("密码已设置")), "success")
    return lead_on(urls.record("user", user_id))


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以设置密码"))

"""The settings home: what an administrator finds where."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied
from yuanke.kernel.text import message
from yuanke.records import Query
from yuanke.screens.reader import Reader
from yuanke.screens.shell import listed_entities, shell


def settings_page(reader: Reader) -> Response:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以打开设置"))
    model = {"account": _account(reader), "cards": _cards(reader), "changes": None}
    return make_response(
        render_template("settings.html", settings=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _account(reader: Reader) -> dict[str, Any]:
    enterprise = reader.unit.enterprise
    users = reader.records.list("user", Query(filter="status == active", fields=("id",), limit=1)).count or 0
    licences = {"label": str(_("用户许可")), "value": f"{users:,}", "unit": f"/ {enterprise.licences}" if enterprise.licences else "", "note": "",
                "bar": {"value": users, "max": enterprise.licences} if enterprise.licences else None}  # fmt: skip
    expires = {
        "label": str(_("到期时间")),
        "value": enterprise.expires.isoformat() if enterprise.expires else str(_("长期")),
        "unit": "",
        "note": "",
        "bar": None,
    }
    return {
        "initials": enterprise.label[:2],
        "logo_url": enterprise.logo,
        "name": enterprise.label,
        "said": enterprise.slug,
        "actions": [{"label": str(_("更换Logo")), "icon": "photo", "url": "/settings/logo", "method": "dialog"}],
        "facts": [licences, expires],
    }


def _cards(reader: Reader) -> list[dict[str, Any]]:
    first = [
        {"label": reader.say(e.plural), "url": f"/settings/customize/{e.key}"} for e in listed_entities(reader)[:3]
    ]
    first += [
        {"label": str(_("版本")), "url": "/settings/customize/versions"},
        {"label": str(_("草稿")), "url": "/settings/customize/drafts"},
    ]
    return [
        {"icon": "adjustments", "title": str(_("功能自定义")), "said": str(_("字段、选项、表单和列表")), "url": "/settings/customize", "links": first, "state": "", "note": False},
        {"icon": "package", "title": str(_("功能包")), "said": str(_("安装、更新和移除模块")), "url": "/settings/packs", "links": [], "state": "", "note": False},
        {"icon": "users", "title": str(_("用户")), "said": str(_("账号、部门和角色")), "url": "/records/user", "state": "", "note": False,
         "links": [{"label": str(_("部门")), "url": "/records/department"}]},
        {"icon": "shield-lock", "title": str(_("角色和权限")), "said": str(_("谁能做什么，管到哪些记录和字段")), "url": "/settings/roles", "links": [], "state": "", "note": False},
        {"icon": "tool", "title": str(_("系统参数")), "said": str(_("开关、期限、默认值和币种")), "url": "/settings/parameters", "links": [], "state": "", "note": False},
        {"icon": "history", "title": str(_("系统日志")), "said": str(_("谁在什么时候做了什么")), "url": "/settings/log", "state": "", "note": False,
         "links": [{"label": str(_("登录日志")), "url": "/records/login_log"}, {"label": str(_("操作记录")), "url": "/changes"}, {"label": str(_("附件")), "url": "/records/attachment"}]},
        {"icon": "bolt", "title": str(_("自动化")), "said": str(_("自动运行的规则、试运行和运行记录")), "url": "/settings/automations", "state": "", "note": False,
         "links": [{"label": str(_("后台任务")), "url": "/settings/jobs"}, {"label": str(_("计划")), "url": "/settings/jobs?show=schedules"}]},
        {"icon": "mail", "title": str(_("消息与对接")), "said": str(_("邮件服务器、群机器人和网络钩子")), "url": "/settings/messages", "state": "", "note": False,
         "links": [{"label": str(_("网络钩子")), "url": "/records/webhook"}]},
        {"icon": "trash", "title": str(_("回收站")), "said": str(_("找回删除的记录")), "url": "/bin", "links": [], "state": "", "note": False},
    ]  # fmt: skip

"""Addresses of the settings: what an administrator sets up for everybody.

The one rule: each page decides for itself who may open it; none of them belongs to an entity.
"""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import account, log, parameters, roles, settings
from yuanke.screens.reader import reader, reader_of


class SettingPages(BaseView):
    """/settings and what lies below it."""

    route_base = ""
    base_permissions: list[str] = []
    default_view = "settings"

    @expose("/settings/roles")
    def roles(self) -> Response:
        return roles.roles_page(reader())

    @expose("/settings/roles/<key:role>/<key:entity>", methods=["GET"])
    def ask_rights(self, role: str, entity: str) -> Response:
        who, of = reader_of(entity)
        return roles.ask(who, role, of)

    @expose("/settings/roles/<key:role>/<key:entity>", methods=["POST"])
    def plan_rights(self, role: str, entity: str) -> Response:
        who, of = reader_of(entity)
        return roles.plan_part(who, role, of)

    @expose("/settings/roles/<key:role>/<key:entity>/apply", methods=["POST"])
    def apply_rights(self, role: str, entity: str) -> Response:
        who, of = reader_of(entity)
        return roles.apply_part(who, role, of)

    @expose("/settings/logo", methods=["GET"])
    def ask_logo(self) -> Response:
        return account.ask_logo(reader())

    @expose("/settings/logo", methods=["POST"])
    def save_logo(self) -> Response:
        return account.save_logo(reader())

    @expose("/logo/<digest>")
    def logo(self, digest: str) -> Response:
        return account.logo(reader(), digest)

    @expose("/settings/log")
    def log(self) -> Response:
        return log.log_page(reader())

    @expose("/settings/parameters", methods=["GET"])
    def parameters(self) -> Response:
        return parameters.parameters_page(reader())

    @expose("/settings/parameters", methods=["POST"])
    def save_parameters(self) -> Response:
        return parameters.save_parameters(reader())

    @expose("/settings")
    def settings(self) -> Response:
        return settings.settings_page(reader())

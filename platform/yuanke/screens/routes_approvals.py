"""Addresses of approvals: the box, the dialogs of every verb, deputies.

The one rule: as in `yuanke.screens.routes`; what is not the reader's own is a 404.
"""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import approval_verbs as verbs
from yuanke.screens.pages import approvals, deputies
from yuanke.screens.reader import reader


class ApprovalPages(BaseView):
    route_base = "/approvals"
    base_permissions: list[str] = []
    default_view = "box"

    @expose("")
    def box(self) -> Response:
        return approvals.approvals_page(reader())

    @expose("/together", methods=["POST"])
    def together(self) -> Response:
        return verbs.together(reader())

    @expose("/tasks/<identity:task>/read", methods=["POST"])
    def read_copy(self, task: int) -> Response:
        return verbs.read_copy(reader(), task)

    @expose("/tasks/<identity:task>/<key:verb>", methods=["GET"])
    def ask(self, task: int, verb: str) -> Response:
        return verbs.ask(reader(), task, verb)

    @expose("/tasks/<identity:task>/<key:verb>", methods=["POST"])
    def do(self, task: int, verb: str) -> Response:
        return verbs.do(reader(), task, verb)

    @expose("/<identity:approval>/withdraw", methods=["POST"])
    def withdraw(self, approval: int) -> Response:
        return verbs.withdraw(reader(), approval)

    @expose("/<identity:approval>/remind", methods=["POST"])
    def remind(self, approval: int) -> Response:
        return verbs.remind(reader(), approval)

    @expose("/<identity:approval>/renew", methods=["POST"])
    def renew(self, approval: int) -> Response:
        return verbs.renew(reader(), approval)

    @expose("/<identity:approval>/cc", methods=["GET"])
    def ask_copy(self, approval: int) -> Response:
        return verbs.ask_copy(reader(), approval)

    @expose("/<identity:approval>/cc", methods=["POST"])
    def copy(self, approval: int) -> Response:
        return verbs.copy(reader(), approval)

    @expose("/deputies", methods=["GET"])
    def deputies(self) -> Response:
        return deputies.deputies_page(reader())

    @expose("/deputies", methods=["POST"])
    def appoint(self) -> Response:
        return deputies.appoint(reader())

    @expose("/deputies/<identity:deputy>/end", methods=["POST"])
    def end(self, deputy: int) -> Response:
        return deputies.end(reader(), deputy)

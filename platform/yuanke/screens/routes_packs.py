"""Addresses of 功能包.

The one rule: a pack is asked for by its name on the shelf; what only plans takes no lock.
"""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.reader import reader
from yuanke.web.guard import reading


def _packs() -> Any:
    """What reads packs is needed rarely: it is imported with the first of its pages."""
    from yuanke.screens.pages import packs

    return packs


class PackPages(BaseView):
    """/settings/packs."""

    route_base = "/settings/packs"
    base_permissions: list[str] = []
    default_view = "packs"

    @expose("")
    def packs(self) -> Response:
        return _packs().packs_page(reader())

    @expose("/<name>")
    def pack(self, name: str) -> Response:
        return _packs().pack_page(reader(), name)

    @expose("/<name>/plan", methods=["POST"])
    @reading
    def plan(self, name: str) -> Response:
        return _packs().plan_part(reader(), name)

    @expose("/<name>/apply", methods=["POST"])
    def apply(self, name: str) -> Response:
        return _packs().apply_part(reader(), name)

    @expose("/installed/<key:name>/remove/plan", methods=["POST"])
    @reading
    def plan_removal(self, name: str) -> Response:
        return _packs().plan_removal(reader(), name)

    @expose("/installed/<key:name>/remove/apply", methods=["POST"])
    def remove(self, name: str) -> Response:
        return _packs().remove(reader(), name)

"""Addresses of 功能自定义: one designer for every entity, and the versions and drafts of all definitions.

The one rule: each page asks for an administrator itself; what only plans takes no lock.
"""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import customize, drafts, overlay, versions
from yuanke.screens.reader import reader, reader_of
from yuanke.web.guard import reading


class DesignerPages(BaseView):
    """功能自定义."""

    route_base = "/settings/customize"
    base_permissions: list[str] = []
    default_view = "home"

    @expose("")
    def home(self) -> Response:
        return customize.home(reader())

    @expose("/check")
    def check(self) -> Response:
        return customize.check_formula(reader())

    @expose("/names")
    def names(self) -> Response:
        return customize.names_json(reader())

    @expose("/key")
    def key(self) -> Response:
        return customize.key_for(reader())

    @expose("/versions")
    def versions(self) -> Response:
        return versions.versions_page(reader())

    @expose("/versions/<identity:number>")
    def version(self, number: int) -> Response:
        return versions.version_page(reader(), number)

    @expose("/versions/<identity:number>/plan", methods=["POST"])
    @reading
    def plan_back(self, number: int) -> Response:
        return versions.plan_back(reader(), number)

    @expose("/versions/<identity:number>/apply", methods=["POST"])
    def go_back(self, number: int) -> Response:
        return versions.go_back(reader(), number)

    @expose("/yaml")
    def yaml(self) -> Response:
        return overlay.yaml_page(reader())

    @expose("/yaml/check", methods=["POST"])
    @reading
    def check_yaml(self) -> Response:
        return overlay.check_part(reader())

    @expose("/yaml/plan", methods=["POST"])
    @reading
    def plan_yaml(self) -> Response:
        return overlay.plan_part(reader())

    @expose("/yaml/apply", methods=["POST"])
    def apply_yaml(self) -> Response:
        return overlay.apply_part(reader())

    @expose("/drafts", methods=["GET"])
    def drafts(self) -> Response:
        return drafts.drafts_page(reader())

    @expose("/drafts", methods=["POST"])
    def begin_draft(self) -> Response:
        return drafts.begin(reader())

    @expose("/drafts/collect", methods=["POST"])
    def collect(self) -> Response:
        return drafts.collect(reader())

    @expose("/drafts/leave", methods=["POST"])
    def leave_draft(self) -> Response:
        return drafts.leave(reader())

    @expose("/drafts/<identity:number>", methods=["GET"])
    def draft(self, number: int) -> Response:
        return drafts.draft_page(reader(), number)

    @expose("/drafts/<identity:number>", methods=["POST"])
    def change_draft(self, number: int) -> Response:
        return drafts.change(reader(), number)

    @expose("/drafts/<identity:number>/preview", methods=["POST"])
    def enter_draft(self, number: int) -> Response:
        return drafts.enter(reader(), number)

    @expose("/drafts/<identity:number>/discard", methods=["POST"])
    def discard_draft(self, number: int) -> Response:
        return drafts.discard(reader(), number)

    @expose("/drafts/<identity:number>/plan", methods=["POST"])
    @reading
    def plan_draft(self, number: int) -> Response:
        return drafts.plan_part(reader(), number)

    @expose("/drafts/<identity:number>/apply", methods=["POST"])
    def apply_draft(self, number: int) -> Response:
        return drafts.apply_part(reader(), number)

    @expose("/<key:entity>")
    def designer(self, entity: str) -> Response:
        return customize.designer(*reader_of(entity))

    @expose("/<key:entity>/origins")
    def origins(self, entity: str) -> Response:
        return customize.origins_json(*reader_of(entity))

    @expose("/<key:entity>/reset", methods=["POST"])
    @reading
    def reset(self, entity: str) -> Response:
        return customize.reset_part(*reader_of(entity))

    @expose("/<key:entity>/reset/apply", methods=["POST"])
    def apply_reset(self, entity: str) -> Response:
        return customize.apply_reset(*reader_of(entity))

    @expose("/<key:entity>/preview")
    def preview(self, entity: str) -> Response:
        return customize.preview_part(*reader_of(entity))

    @expose("/<key:entity>/plan", methods=["POST"])
    def plan(self, entity: str) -> Response:
        return customize.plan_part(*reader_of(entity))

    @expose("/<key:entity>/apply", methods=["POST"])
    def apply(self, entity: str) -> Response:
        return customize.apply_part(*reader_of(entity))

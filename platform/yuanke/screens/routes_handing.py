"""Addresses of what is done with several records at once: transfer, share, merge, duplicates, undo.

The one rule: as in `yuanke.screens.routes`; one record that the reader may not see makes all of them "not found".
"""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import alike, duplicates, leaving, merge, share, transfer, undo
from yuanke.screens.reader import reader, reader_of


class HandingPages(BaseView):
    """What is done with the chosen records of a list."""

    route_base = "/records"
    base_permissions: list[str] = []
    default_view = "merge"

    @expose("/<key:entity>/transfer", methods=["GET"])
    def ask_transfer(self, entity: str) -> Response:
        return transfer.ask(*reader_of(entity))

    @expose("/<key:entity>/transfer", methods=["POST"])
    def transfer(self, entity: str) -> Response:
        return transfer.do(*reader_of(entity))

    @expose("/<key:entity>/share", methods=["GET"])
    def ask_share(self, entity: str) -> Response:
        return share.ask(*reader_of(entity))

    @expose("/<key:entity>/share", methods=["POST"])
    def share(self, entity: str) -> Response:
        return share.do(*reader_of(entity))

    @expose("/<key:entity>/merge", methods=["GET"])
    def compare(self, entity: str) -> Response:
        return merge.show(*reader_of(entity))

    @expose("/<key:entity>/merge/choose", methods=["POST"])
    def choose(self, entity: str) -> Response:
        return merge.choose(*reader_of(entity))

    @expose("/<key:entity>/merge", methods=["POST"])
    def merge(self, entity: str) -> Response:
        return merge.do(*reader_of(entity))

    @expose("/<key:entity>/duplicates")
    def duplicates(self, entity: str) -> Response:
        return duplicates.show(*reader_of(entity))

    @expose("/<key:entity>/duplicates/search", methods=["POST"])
    def search(self, entity: str) -> Response:
        return duplicates.search(*reader_of(entity))

    @expose("/<key:entity>/duplicates/apart", methods=["POST"])
    def apart(self, entity: str) -> Response:
        return duplicates.apart(*reader_of(entity))

    @expose("/<key:entity>/alike", methods=["POST"])
    def alike(self, entity: str) -> Response:
        return alike.part(*reader_of(entity))

    @expose("/user/<identity:user_id>/hand_over", methods=["GET"])
    def ask_hand_over(self, user_id: int) -> Response:
        return leaving.ask(reader(), user_id)

    @expose("/user/<identity:user_id>/hand_over", methods=["POST"])
    def hand_over(self, user_id: int) -> Response:
        return leaving.do(reader(), user_id)


class ChangePages(BaseView):
    """The log of what was done to many records at once."""

    route_base = "/changes"
    base_permissions: list[str] = []
    default_view = "log"

    @expose("")
    def log(self) -> Response:
        return undo.log_page(reader())

    @expose("/<identity:set_id>")
    def change(self, set_id: int) -> Response:
        return undo.change_page(reader(), set_id)

    @expose("/<identity:set_id>/undo", methods=["POST"])
    def undo(self, set_id: int) -> Response:
        return undo.undo(reader(), set_id)

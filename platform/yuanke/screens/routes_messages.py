"""Addresses of what people are told: the inbox, the bell, preferences, how the enterprise reaches out.

The one rule: as in `yuanke.screens.routes`; what is not the reader's own is a 404.
"""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import messages, outgoing, preferences
from yuanke.screens.reader import reader, reader_of


class MessagePages(BaseView):
    """Messages and reminders of whoever looks."""

    route_base = ""
    base_permissions: list[str] = []
    default_view = "messages"

    @expose("/messages")
    def messages(self) -> Response:
        return messages.messages_page(reader())

    @expose("/messages/unread")
    def unread(self) -> Response:
        return messages.unread_json(reader())

    @expose("/messages/<identity:message_id>/read", methods=["POST"])
    def read_one(self, message_id: int) -> Response:
        return messages.read_one(reader(), message_id)

    @expose("/messages/read-all", methods=["POST"])
    def read_all(self) -> Response:
        return messages.read_all(reader())

    @expose("/reminders/<identity:reminder_id>/done", methods=["POST"])
    def finish(self, reminder_id: int) -> Response:
        return messages.finish_reminder(reader(), reminder_id)

    @expose("/records/<key:entity>/<identity:record_id>/people")
    def readers(self, entity: str, record_id: int) -> Response:
        return messages.readers_json(*reader_of(entity), record_id)

    @expose("/me/messages", methods=["GET"])
    def preferences(self) -> Response:
        return preferences.preferences_page(reader())

    @expose("/me/messages", methods=["POST"])
    def save_preferences(self) -> Response:
        return preferences.save_preferences(reader())


class OutgoingPages(BaseView):
    """Settings of mail, robots and webhooks."""

    route_base = "/settings/messages"
    base_permissions: list[str] = []
    default_view = "show"

    @expose("", methods=["GET"])
    def show(self) -> Response:
        return outgoing.outgoing_page(reader())

    @expose("", methods=["POST"])
    def save(self) -> Response:
        return outgoing.save_outgoing(reader())

    @expose("/switch", methods=["POST"])
    def switch(self) -> Response:
        return outgoing.switch(reader())

    @expose("/test", methods=["POST"])
    def try_mail(self) -> Response:
        return outgoing.try_mail(reader())

    @expose("/webhooks/<identity:webhook_id>/test", methods=["POST"])
    def try_webhook(self, webhook_id: int) -> Response:
        return outgoing.try_webhook(reader(), webhook_id)

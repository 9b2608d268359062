"""What the caller was told and has not read yet. The messages themselves are records of ``message``, his own ones.

The one rule: everything here is the caller's own; another one's message is one that is not there.
"""

from __future__ import annotations

from hashlib import sha256

from flask import Response, request

from yuanke import messages
from yuanke.api import asked
from yuanke.api.answers import nothing, reply
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import RecordNotFound
from yuanke.web.once import once
from yuanke.web.requests import current


class MessagesApi(Resource):
    route_base = "/api/v1/messages"

    @expose("/unread", methods=("GET",))
    def unread(self) -> Response:
        """``{unread, capped, newest}``: how many (counted up to 100) and the id of the newest, null without one.

        Its ``ETag`` stands as long as both do: ask again with ``If-None-Match`` and 304 is the answer.
        """
        asked.only(())
        held = current()
        found = messages.unread(held.unit, held.actor)
        mark = f"{held.enterprise.slug}/{held.actor.user_id}/{found.count}/{found.newest}"
        tag = sha256(mark.encode()).hexdigest()[:20]
        headers = {"ETag": f'"{tag}"'}
        if tag in request.if_none_match:
            return Response(status=304, headers=headers)
        body = {"unread": found.count, "capped": found.capped, "newest": found.newest or None}
        return reply(body, headers=headers)

    @expose("/<identity:message_id>/read", methods=("POST",))
    @once
    def read(self, message_id: int) -> Response:
        """It is read; reading it again changes nothing."""
        asked.only(())
        held = current()
        if not messages.mark_read(held.unit, held.actor, [message_id]):
            raise RecordNotFound()
        return nothing()

    @expose("/read-all", methods=("POST",))
    @once
    def read_all(self) -> Response:
        """Everything is read; ``{read}`` says how many were not before."""
        asked.only(())
        held = current()
        return reply({"read": messages.mark_all_read(held.unit, held.actor)})

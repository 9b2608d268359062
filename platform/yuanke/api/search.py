"""Global search, under the reader's rights."""

from __future__ import annotations

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.web.requests import current


class SearchApi(Resource):
    route_base = "/api/v1/search"

    @expose("", methods=("GET",))
    def search(self) -> Response:
        """``q``, ``limit``, ``entities`` (names) -> hits with entity, id, title, field and snippet, best first."""
        asked.only(("q", "limit", "entities"))
        found = current().records.search(asked.text("q") or "", asked.number("limit", 20, 100), asked.names("entities"))
        hits = [
            {"entity": h.entity, "id": h.id, "title": h.title, "field": h.field, "snippet": h.snippet} for h in found
        ]
        return reply({"result": hits})

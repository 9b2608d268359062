"""Who the caller is."""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.access.grants import engine_of
from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.records import Records
from yuanke.web.requests import Current, current


class MeApi(Resource):
    route_base = "/api/v1/me"

    @expose("", methods=("GET",))
    def get(self) -> Response:
        """User, roles, department and enterprise of these credentials."""
        asked.only(())
        held = current()
        actor, enterprise = held.actor, held.enterprise
        return reply(
            {
                "id": actor.user_id,
                "username": actor.username,
                "name": actor.name,
                "kind": actor.kind,
                "locale": actor.locale,
                "roles": sorted(actor.roles),
                "department": _department(held),
                "enterprise": {"slug": enterprise.slug, "label": enterprise.label, "logo": enterprise.logo},
            }
        )


def _department(held: Current) -> dict[str, Any] | None:
    """Everyone may know the name of his own department, whatever his rights on departments are."""
    known = held.actor.department_id
    if known is None:
        return None
    department = Records(held.unit, engine_of(held.actor)).get("department", known, ("name",))
    return {"id": known, "title": department.title}

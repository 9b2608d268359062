"""The description of this API as OpenAPI 3.1, generated from the Registry for the caller's own rights.

The one rule: it names what the caller may use and nothing else; it is made once for each Registry and set of roles.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.describe import description
from yuanke.api.resource import Resource, expose
from yuanke.metadata.registry import Registry
from yuanke.web.language import locale
from yuanke.web.requests import current

_made: WeakKeyDictionary[Registry, dict[Any, dict[str, Any]]] = WeakKeyDictionary()


class OpenApi(Resource):
    route_base = "/api/v1/openapi.json"

    @expose("", methods=("GET",))
    def get(self) -> Response:
        asked.only(())
        held = current()
        key = (held.actor.roles, held.actor.kind, locale())
        known = _made.setdefault(held.unit.registry, {})
        if key not in known:
            known[key] = description(held, locale())
        return reply(known[key])

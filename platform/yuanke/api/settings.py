"""System parameters over REST: read by all who are logged in, changed by whom each setting allows."""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.records.parameters import change_settings, changeable
from yuanke.web.bodies import json_object
from yuanke.web.requests import current


class SettingsApi(Resource):
    route_base = "/api/v1/settings"

    @expose("", methods=("GET",))
    def get(self) -> Response:
        """The settings that the caller may change, with their values."""
        asked.only(())
        return reply({"result": _mine()})

    @expose("", methods=("PATCH",))
    def change(self) -> Response:
        """Keys with new values; null gives one back to its default. All of them or none."""
        asked.only(())
        held = current()
        changed = change_settings(held.unit, held.actor, json_object())
        return reply({"changed": sorted(changed), "result": _mine(changed)})


def _mine(changed: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    held = current()
    values = {**held.unit.settings, **(changed or {})}
    found = []
    for field in changeable(held.unit, held.actor):
        value = values.get(field.key)
        found.append({"key": field.key, "value": None if value is None else field.type.dump(field, value)})
    return found

"""Keys of programs over REST. Their records are read like all others, below ``/records/api_key``."""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import nothing, record_json, reply
from yuanke.api.fixed import NewKey, taken
from yuanke.api.resource import Resource, expose
from yuanke.kernel.text import message
from yuanke.web import keys
from yuanke.web.bodies import json_object
from yuanke.web.guard import late
from yuanke.web.own_password import confirm


class KeysApi(Resource):
    route_base = "/api/v1/security/keys"

    @expose("", methods=("POST",))
    @late
    def issue(self) -> Response:
        """``{name, user, expires, password}`` -> 201 with ``key``, which is never shown again (nor kept for a repeat)."""
        asked.only(())
        body: dict[str, Any] = taken(NewKey, json_object())
        confirm(body.pop("password"), "password", message("密码不正确"))
        record, key = keys.issue(body)
        return reply({**record_json(record), "key": key}, 201, {"Location": f"/api/v1/records/api_key/{record.id}"})

    @expose("/<identity:key_id>", methods=("DELETE",))
    def revoke(self, key_id: int) -> Response:
        """204; the key counts no more, from the next request on."""
        asked.only(())
        keys.revoke(key_id)
        return nothing()

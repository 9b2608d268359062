"""The door for other systems: a call sets off the automation it is addressed to.

The one rule: an address that is none, an enterprise that is closed and a wrong secret tell a stranger nothing; wrong ones
are counted by address like wrong keys.
"""

from __future__ import annotations

from flask import Response, request

from yuanke.access.sessions import check_open
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import RecordNotFound, Refusal, Unauthenticated
from yuanke.kernel.text import message
from yuanke.web.bodies import json_object
from yuanke.web.guard import open_to_all, without_token
from yuanke.web.requests import application
from yuanke.workflow.automations import incoming

LARGEST = 256 * 1024


class TooLarge(Refusal):
    code, status = "too_large", 413


class HooksApi(Resource):
    route_base = "/api/v1/hooks"

    @expose("/<address>", methods=("POST",))
    @open_to_all
    @without_token
    def call(self, address: str) -> Response:
        """A JSON object with what ``ask:`` names -> 202 ``{job}``.

        Shown by ``Authorization: Bearer whsec_...``, or signed: ``webhook-id``, ``webhook-timestamp``,
        ``webhook-signature`` as standardwebhooks has them. The same ``webhook-id`` runs once.
        """
        if (request.content_length or 0) > LARGEST:
            raise TooLarge(message("请求正文最多 {most} KB", most=LARGEST // 1024))
        app, remote = application(), request.remote_addr or ""
        app.login_limits.check_keys(remote)
        slug, _, automation = address.partition(".")
        enterprise = app.installation.directory.find(slug)
        if enterprise is None or enterprise.state != "active":
            raise _nothing()
        app.enterprise_limit.check(enterprise.slug)
        with app.installation.unit(enterprise, write=True) as unit:
            try:
                check_open(unit.head)
                one = incoming.hook_at(unit, automation)
                incoming.check(unit, one, _shown())
            except Unauthenticated:
                app.login_limits.wrong_key(remote)
                raise
            except RecordNotFound:
                raise _nothing() from None
            job = incoming.receive(unit, one, _shown(), json_object())
        app.enterprise_limit.count(enterprise.slug)
        return reply({"job": job}, 202)


def _nothing() -> RecordNotFound:
    return RecordNotFound(message("这个地址没有可调用的自动化"))


def _shown() -> incoming.Call:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return incoming.Call(
        request.get_data(),
        request.headers.get("webhook-id"),
        request.headers.get("webhook-timestamp"),
        request.headers.get("webhook-signature"),
        shown.strip() if scheme.lower() == "bearer" and shown else None,
    )

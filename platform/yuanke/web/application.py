"""Flask with an installation, and a dispatcher that commits, undoes and repeats the request's unit of work.

The one rule: the work of a request stands exactly when its answer is below 400.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from itsdangerous import URLSafeTimedSerializer

from yuanke.storage import Installation, Unit
from yuanke.web import requests, retries
from yuanke.web.limits import EnterpriseLimit, LoginLimits


class Cookies(SecureCookieSessionInterface):
    """The cookie of the browser session goes over HTTPS only, wherever the page came that way.

    A request without a cookie, and an answer that changes none, cost nothing.
    """

    def __init__(self) -> None:
        self._signers: dict[Any, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if app.secret_key not in self._signers:
            self._signers[app.secret_key] = super().get_signing_serializer(app)
        return self._signers[app.secret_key]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


class Application(Flask):
    """``before_commit`` run inside the unit, ``when_undone`` whenever it is left without standing."""

    session_interface = Cookies()
    installation: Installation
    login_limits: LoginLimits
    enterprise_limit: EnterpriseLimit
    before_commit: list[Callable[[Unit], None]]
    when_undone: list[Callable[[], None]]

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook of ours is a coroutine: not asked a dozen times in each request."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view; a passing fault of the database (busy, deadlock) runs it again from the start."""
        for attempt in range(retries.TRIES):
            try:
                response = self.make_response(super().dispatch_request())
                _settle(response)
                return response
            except Exception as fault:
                if attempt + 1 == retries.TRIES or not retries.passes(fault) or not _rewound():
                    requests.give_up()
                    raise
                requests.undo()
                time.sleep(retries.pause(attempt))
        raise AssertionError("the last try returns or raises")


def _settle(response: Response) -> None:
    if response.status_code < 400:
        requests.commit()
    else:
        requests.give_up()


def _rewound() -> bool:
    """Uploads were read by the view that failed: put them back to their beginning; false when one cannot."""
    for _, upload in request.files.items(multi=True):
        if not upload.stream.seekable():
            return False
        upload.stream.seek(0)
    return True

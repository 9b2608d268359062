"""Flask with an installation, and a dispatcher that commits, undoes and repeats the request's unit of work.

The one rule: the work of a request stands exactly when its answer is below 400.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from yuanke.storage import Installation, Unit
from yuanke.web import requests, retries


class Cookies(SecureCookieSessionInterface):
    """The cookie of the browser session goes over HTTPS only, wherever the page came that way."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


class Application(Flask):
    """``before_commit`` run inside the unit, ``when_undone`` whenever it is left without standing."""

    session_interface = Cookies()
    installation: Installation
    before_commit: list[Callable[[Unit], None]]
    when_undone: list[Callable[[], None]]

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

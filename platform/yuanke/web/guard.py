"""The gate before every view: nobody enters without a log-in, and no cookie writes without its token.

The one rule: it is closed unless a view says otherwise. `open_to_all` marks what a stranger may call, `without_token`
what takes no cookie's word for anything (the JSON log-in).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.web import requests

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()


def open_to_all(view: View) -> View:
    """A view that strangers may call."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def reading(view: View) -> View:
    """A view of POST that changes nothing: its unit only reads, so it holds up nobody."""
    view.reading = True  # type: ignore[attr-defined]
    return view


def late(view: View) -> View:
    """A view that works long before it writes: who asks is confirmed, then it opens its unit itself, with `current`."""
    view.late = True  # type: ignore[attr-defined]
    return view


def without_token(view: View) -> View:
    """A view that acts on its body alone, so that a foreign page gains nothing by calling it."""
    view.without_token = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    csrf.init_app(app)
    app.before_request(gate)


def gate() -> None:
    """Runs before every view; see the module's rule."""
    if request.endpoint is None or request.endpoint == "static" or request.endpoint.endswith(".static"):
        return
    view = requests.application().view_functions[request.endpoint]
    is_open, needs_token = getattr(view, "open_to_all", False), not getattr(view, "without_token", False)
    who = requests.shown() if needs_token or not is_open else None
    if who is None and not is_open:
        raise Unauthenticated(message("请先登录"))
    if request.method not in requests.SAFE:
        read_body()
        by_cookie = who is None or who.by == "cookie"
        if by_cookie and needs_token:
            csrf.protect()
    if is_open:
        return
    if getattr(view, "late", False):
        with requests.only_reading():
            return
    g.reading = getattr(view, "reading", False)
    requests.current()


def read_body() -> None:
    """Take the whole body before a lock is taken: a slow sender must not hold up an enterprise."""
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        request.form  # noqa: B018 - parses, within the limits of the configuration
    else:
        request.get_data()

"""Pages that say why there is nothing: inside the shell where somebody is logged in, bare otherwise.

The one rule: they show the sentence they are given and the way on; they never fail themselves.
"""

from __future__ import annotations

import logging

from flask import Response, make_response, render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from yuanke.kernel.text import Message
from yuanke.screens.reader import Reader, reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web import requests
from yuanke.web.language import say

log = logging.getLogger("yuanke.screens")
ICONS = {403: "lock", 404: "search-off", 409: "alert-triangle", 429: "clock", 503: "clock"}


def failure_page(
    status: int, title: Message | str, said: Message | str, spoken: str, reference: str | None = None
) -> Response:
    """The page for ``status``; htmx gets the sentence alone. ``spoken``: the language when nobody is logged in."""
    who = _somebody() if status < 500 and not wants_part() else None
    with force_locale(who.locale if who is not None else spoken):
        return _page(status, _words(title), _words(said), who, spoken, reference)


def _words(what: Message | str) -> str:
    words = say(what) if isinstance(what, Message) else what
    return words.encode(errors="replace").decode()  # half characters that no answer can carry


def _page(status: int, title: str, said: str, who: Reader | None, spoken: str, reference: str | None) -> Response:
    if wants_part():
        return Response(said, status, mimetype="text/plain")
    steps = [{"label": str(_("回到工作台")), "url": "/", "primary": True}]
    failure = {
        "status": status,
        "icon": ICONS.get(status, "alert-circle"),
        "title": title,
        "said": said,
        "steps": steps,
        "reference": reference,
    }
    if who is None:
        return make_response(render_template("failure_bare.html", failure=failure, locale=spoken), status)
    return make_response(
        render_template("failure.html", failure=failure, shell=shell(who), seen=None, locale=who.locale), status
    )


def _somebody() -> Reader | None:
    try:
        return reader() if requests.anybody() is not None else None
    except Exception:
        log.exception("no shell for a failure page")
        return None

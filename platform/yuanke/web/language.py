"""In which language one is spoken to: what was chosen, else the user's own, else what the browser prefers.

The one rule: reading a page never changes the choice; `/lang` does, by POST.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import Flask, Response, g, redirect, request, session
from flask_babel import gettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import BETWEEN, Message, message
from yuanke.web import requests
from yuanke.web.addresses import local_path
from yuanke.web.guard import open_to_all

KNOWN = ("zh", "en")


def locale() -> str:
    """``zh`` or ``en`` for the request that runs."""
    chosen = session.get("locale")
    if chosen in KNOWN:
        return str(chosen)
    preferred = _preferred(request.headers.get("Accept-Language", ""))
    held = requests.current_or_none()
    said = held.actor.locale if held is not None else g.get("own_locale")
    own = str(said) if said in KNOWN else None
    if request.headers.get("Authorization"):
        return preferred or own or KNOWN[0]
    return own or preferred or KNOWN[0]


@lru_cache(maxsize=500)
def _preferred(accepted: str) -> str | None:
    return parse_accept_header(accepted, LanguageAccept).best_match(KNOWN)


def say(said: Message) -> str:
    """A sentence of the engine in the language of the request."""
    return said.say(lambda text: str(gettext(text)))


def enumerated(items: Iterable[Any]) -> str:
    """``甲、乙`` or ``A, B``: names, numbers, words."""
    return str(gettext(BETWEEN.text)).join(map(str, items))


def told(sentences: Iterable[Any]) -> str:
    """``甲；乙`` or ``A; B``: whole sentences in one line, each once."""
    return str(gettext("；")).join(dict.fromkeys(say(s) if isinstance(s, Message) else str(s) for s in sentences))


def install(app: Flask) -> None:
    """After AppBuilder, whose own selector would write the session on every read."""
    app.extensions["babel"].locale_selector = locale
    app.add_url_rule("/lang", "lang", choose, methods=["POST"])


@open_to_all
def choose() -> Response:
    """POST ``locale`` and perhaps ``next``: from now on in this browser; a JSON caller gets no redirect."""
    wanted = request.form.get("locale") or request.args.get("locale", "")
    if wanted not in KNOWN:
        raise QueryFault(message("没有这种语言：{locale}，可选 zh 或 en", locale=wanted))
    session["locale"] = wanted
    return redirect(local_path(request.form.get("next") or request.referrer or "/"))  # type: ignore[return-value]

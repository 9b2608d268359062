"""Pages of which all but a few places is the same at the next request: drawn once with holes, then filled.

The one rule: a page is kept under everything its drawing reads; what is not in the key must be a hole. What people typed
never goes into a key that is kept for others.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping

from flask import g, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

#: bytes of all pages that are kept
MOST = 16 * 1024 * 1024
_mark = secrets.token_hex(8)  # nobody outside can write a hole
_holes = re.compile(f"hole-{_mark}-([a-z]+);")
_kept: OrderedDict[Hashable, tuple[bytes, ...]] = OrderedDict()
_size = 0
MOST_TOKENS = 5_000
_tokens: dict[str, str] = {}


def hole(name: str) -> Markup:
    """Stands in the drawing for what each request fills in under ``name``."""
    return Markup(f"hole-{_mark}-{name};")


def filled(key: Hashable, draw: Callable[[], str], pieces: Mapping[str, str]) -> bytes:
    """The page kept under ``key``, drawn by ``draw`` when there is none, with ``pieces`` (HTML) in its holes.

    The token against forged forms is a hole by itself, in every page.
    """
    parts = _kept.get(key)
    if parts is None:
        parts = _keep(key, draw().replace(_token(), hole("csrf")))
    fresh = {name: piece.encode() for name, piece in pieces.items()}
    fresh["csrf"] = _token().encode()
    return b"".join([fresh[part.decode()] if at % 2 else part for at, part in enumerate(parts)])


def _token() -> str:
    """The token of the session, which has no end of its own: signed once, not for every page."""
    raw = session.get("csrf_token")
    if raw in _tokens and "csrf_token" not in g:
        g.csrf_token = _tokens[raw]
    token = generate_csrf()
    if len(_tokens) > MOST_TOKENS:
        _tokens.clear()
    _tokens[session["csrf_token"]] = token
    return token


def _keep(key: Hashable, drawn: str) -> tuple[bytes, ...]:
    """Text and names of holes in turn."""
    global _size
    parts = tuple(part.encode() for part in _holes.split(drawn))
    _kept[key] = parts
    _size += sum(map(len, parts))
    while _size > MOST and len(_kept) > 1:
        _size -= sum(map(len, _kept.popitem(last=False)[1]))
    return parts

"""One request, one unit of work: opened when first asked for, committed by the dispatcher, undone on any refusal.

The one rule: who asks is decided by the session or key the database knows, read in the statement that opens the unit. A
cookie or token merely names enterprise and session; showing both is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, g, request, session
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError

from yuanke.access import keys, sessions
from yuanke.kernel.actor import Actor, Door, Enterprise
from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.storage.unit import Unit
from yuanke.web import drafts
from yuanke.web.bodies import Malformed

if TYPE_CHECKING:
    from yuanke.records import Records
    from yuanke.web.application import Application

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Shown:
    """What the request shows of itself: it counts only once the database has confirmed it."""

    enterprise: str
    session: str  # its id; of a key its digest
    by: str  # cookie | token | key


@dataclass
class Current:
    """The unit of this request and who acts in it."""

    enterprise: Enterprise
    unit: Unit
    actor: Actor
    opened: AbstractContextManager[Unit]

    @cached_property
    def records(self) -> Records:
        from yuanke.records import Records

        return Records(self.unit, self.actor)


class _Undone(Exception):
    """Leaves a unit by the door that rolls back."""


def application() -> Application:
    return cast("Application", current_app)


def door() -> Door:
    return "api" if request.path.startswith("/api/") else "screen"


def shown() -> Shown | None:
    """The credentials of the request, or None. Both kinds at once are refused: they may be of two enterprises."""
    if "shown" not in g:
        token = _token()
        cookie = session.get("session")
        if token is not None and cookie:
            raise Malformed(message("请求同时带有会话 Cookie 和令牌，请只用一种"))
        if token is not None:
            g.shown = token
        else:
            g.shown = Shown(str(session.get("enterprise", "")), str(cookie), "cookie") if cookie else None
    return cast("Shown | None", g.shown)


def show(who: Shown) -> None:
    """Take ``who`` for this request's credentials (the refresh token, which is not read otherwise)."""
    g.shown = who


def _token() -> Shown | None:
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(message("只接受 Authorization: Bearer 令牌"))
    return _key(encoded.strip()) if encoded.startswith(keys.MARK) else read_token(encoded.strip(), "access")


def _key(encoded: str) -> Shown:
    """A key of a program, for addresses below ``/api/``; wrong ones are counted by address."""
    address = request.remote_addr or ""
    application().login_limits.check_keys(address)
    enterprise = keys.enterprise_of(encoded)
    if enterprise is None or door() != "api":
        application().login_limits.wrong_key(address)
        raise Unauthenticated(message("接口密钥无效，或不能用在这个地址"))
    return Shown(enterprise, keys.digest_of(encoded), "key")


def read_token(encoded: str, kind: str) -> Shown:
    """The claims of one of our tokens; Unauthenticated when it is forged, expired or of another kind."""
    key = (str(current_app.secret_key), encoded)
    known = _verified.get(key)
    if known is None:
        known = _verify(encoded)
        if len(_verified) >= MOST_VERIFIED:
            _verified.clear()
        _verified[key] = known
    if known.kind != kind or known.until <= time.time():
        raise _invalid()
    return known.shown


@dataclass(frozen=True)
class _Verified:
    kind: str
    until: float  # seconds since 1970, as the token says
    shown: Shown


#: tokens whose signature held: a caller sends the same one again and again
_verified: dict[tuple[str, str], _Verified] = {}
MOST_VERIFIED = 5_000


def _verify(encoded: str) -> _Verified:
    try:
        claims: dict[str, Any] = decode_token(encoded)
    except (PyJWTError, JWTExtendedException, ValueError, KeyError) as fault:
        raise _invalid() from fault
    enterprise, session_id, until = claims.get("enterprise"), claims.get("session"), claims.get("exp")
    if not (isinstance(enterprise, str) and isinstance(session_id, str) and isinstance(until, (int, float))):
        raise _invalid()
    return _Verified(str(claims.get("type")), float(until), Shown(enterprise, session_id, "token"))


def _invalid() -> Unauthenticated:
    return Unauthenticated(message("令牌无效或已过期，请重新登录"))


def current() -> Current:
    """The running unit and its actor; opens it on first use. Unauthenticated when nobody is logged in."""
    held: Current | None = g.get("current")
    if held is None:
        who = shown()
        if who is None:
            raise Unauthenticated(message("请先登录"))
        held = g.current = _open(who)
    return held


def _open(who: Shown) -> Current:
    app = application()
    enterprise = app.installation.directory.find(who.enterprise)
    if enterprise is None:
        raise _refused(who, Unauthenticated(message("登录已失效，请重新登录")))
    app.enterprise_limit.check(enterprise.slug)
    writing = request.method not in SAFE and not g.get("gave_up", False) and not g.get("reading", False)
    draft = drafts.shown()
    # PostgreSQL reads without a transaction, which temporary views need to vanish with
    opened: AbstractContextManager[Unit]
    rolled_back = draft is not None and not writing and app.installation.engines.dialect == "postgresql"
    if who.by == "key":
        opened = app.installation.unit(enterprise, writing or rolled_back, keys.HEAD, {"digest": who.session})
    else:
        opened = app.installation.unit(enterprise, writing or rolled_back, sessions.HEAD, {"session": who.session})
    unit = opened.__enter__()
    try:
        actor = (keys.actor_of_key if who.by == "key" else sessions.actor_of_session)(unit, door())
        if draft is not None:
            drafts.check_reads(writing)
            unit, opened = drafts.previewed(unit, actor, draft) or unit, drafts.RolledBack(opened)
    except BaseException as fault:
        opened.__exit__(type(fault), fault, fault.__traceback__)
        raise _refused(who, fault) from None
    app.enterprise_limit.count(enterprise.slug)
    return Current(enterprise, unit, actor, opened)


def _refused(who: Shown, fault: BaseException) -> BaseException:
    if who.by == "key" and isinstance(fault, Unauthenticated):
        application().login_limits.wrong_key(request.remote_addr or "")
    return fault


@contextmanager
def only_reading() -> Iterator[Current]:
    """A unit that reads, closed at the end of the block: for a `late` view, before its long work."""
    g.reading = True
    try:
        yield current()
    finally:
        undo()
        g.reading = False


def current_or_none() -> Current | None:
    """The running unit without opening one."""
    return cast("Current | None", g.get("current"))


def anybody() -> Current | None:
    """Like `current`, but None when nobody (any more) is logged in: for pages that both may see."""
    try:
        return current()
    except Unauthenticated:
        return None


def commit() -> None:
    """Make the request's work stand and run what waits for that."""
    held = current_or_none()
    if held is not None:
        for action in application().before_commit:
            action(held.unit)
        g.pop("current")
        held.opened.__exit__(None, None, None)


def undo() -> None:
    """Roll the request's work back; a later `current` opens anew."""
    held = g.pop("current", None)
    for action in application().when_undone:
        action()
    if held is not None:
        g.own_locale = held.actor.locale  # what is said of it now is said in his language
        undone = _Undone()
        held.opened.__exit__(_Undone, undone, None)


def give_up() -> None:
    """Roll back, and let whatever is still shown (an error page) be read only."""
    undo()
    g.gave_up = True

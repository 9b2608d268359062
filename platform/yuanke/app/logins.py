"""The log-in page, log-out, and the JSON log-in: two doors with one check, one count of failures, one sentence.

The one rule: a log-in starts from an empty browser session; what was in the cookie before is never honoured.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from flask import Response, json, make_response, redirect, render_template, request, session
from flask_jwt_extended import create_access_token, create_refresh_token
from werkzeug.wrappers import Response as AnyResponse

from yuanke.access.login import Ticket, log_in, log_out, note_locked
from yuanke.kernel.actor import Door
from yuanke.kernel.errors import Refusal, TooManyRequests, Unauthenticated, ValidationFailed
from yuanke.kernel.text import message
from yuanke.web import requests
from yuanke.web.addresses import local_path
from yuanke.web.bodies import Malformed, json_object
from yuanke.web.guard import late, open_to_all, without_token
from yuanke.web.language import locale, say
from yuanke.web.own_password import change_own

REMEMBERED = "yuanke_login"
YEAR = 365 * 24 * 3600


def enter(enterprise: str, username: str, password: str, door: Door) -> Ticket:
    """Log in through either door; wrong combinations are counted and refused alike."""
    app, address, agent = requests.application(), request.remote_addr or "", request.user_agent.string
    app.login_limits.check(enterprise, username, address)
    try:
        return log_in(app.installation, enterprise, username, password, door, address, agent)
    except Unauthenticated as wrong:
        if not wrong.extra and app.login_limits.failed(enterprise, username, address):
            note_locked(app.installation, enterprise, username, address, agent)
        raise


@open_to_all
def login_page() -> AnyResponse:
    """GET shows ``login.html`` (with next, enterprise, username, said, fixed_enterprise), POST logs in."""
    target = local_path(request.values.get("next", "/"))
    if request.method == "POST":
        return _log_in_by_form(target)
    if requests.shown() is not None and requests.anybody() is not None:
        return redirect(target)
    return _form(200, target)


def _log_in_by_form(target: str) -> AnyResponse:
    form = request.form
    enterprise = form.get("enterprise") or str(requests.application().config.get("ENTERPRISE", ""))
    username = form.get("username", "")
    chosen = session.get("locale")
    try:
        ticket = enter(enterprise, username, form.get("password", ""), "screen")
    except (Unauthenticated, TooManyRequests) as refusal:
        return _form(refusal.status, target, enterprise, username, refusal)
    session.clear()
    session.update(enterprise=ticket.enterprise.slug, session=ticket.session)
    session.permanent = True
    if chosen or ticket.locale:
        session["locale"] = chosen or ticket.locale
    return _remember(redirect(target))


def _form(
    status: int, target: str, enterprise: str = "", username: str = "", refusal: Refusal | None = None
) -> AnyResponse:
    """The page again, with what was typed and the one sentence for every wrong combination."""
    kept = remembered()
    fixed = str(requests.application().config.get("ENTERPRISE", ""))
    now = locale()
    page = render_template(
        "login.html", action="/login", next=target, enterprise=enterprise or kept[0], username=username or kept[1],
        hide_enterprise=bool(fixed), failed=say(refusal.said) if refusal else None, forgot_url=None, demo=None,
        remembered=bool(kept[1]), locale_url="/lang", help="", locale=now,
        locales=[{"code": c, "label": n, "current": c == now} for c, n in (("zh", "简体中文"), ("en", "English"))],
    )  # fmt: skip
    response = make_response(page, status)
    if refusal is not None and "retry_after" in refusal.extra:
        response.headers["Retry-After"] = str(refusal.extra["retry_after"])
    return response


def remembered() -> tuple[str, str]:
    """Enterprise and user name that this browser was asked to remember."""
    enterprise, _tab, username = unquote(request.cookies.get(REMEMBERED, "")).partition("\t")
    return enterprise[:200], username[:64]


def _remember(response: AnyResponse) -> AnyResponse:
    form = request.form
    if form.get("remember"):
        said = quote(f"{form.get('enterprise', '')}\t{form.get('username', '')}")
        response.set_cookie(REMEMBERED, said, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    else:
        response.delete_cookie(REMEMBERED)
    return response


@open_to_all
def logout() -> AnyResponse:
    """POST: end this log-in alone, in the database and in the browser."""
    who = requests.shown()
    if who is not None:
        enterprise = requests.application().installation.directory.find(who.enterprise)
        if enterprise is not None:
            log_out(requests.application().installation, enterprise, who.session)
    chosen = session.get("locale")
    session.clear()
    if chosen:
        session["locale"] = chosen
    return redirect("/login") if who is None or who.by == "cookie" else Response(status=204)


@open_to_all
@without_token
def login_json() -> Response:
    """POST ``{enterprise, username, password, provider: "db", refresh: true}`` -> ``{access_token, refresh_token}``."""
    if requests.shown() is not None:
        raise Malformed(message("登录请求不能带会话 Cookie 或令牌"))
    body = json_object()
    texts = {key: body.get(key, default) for key, default in _LOGIN.items()}
    faults = {key: [message("应为文字")] for key, value in texts.items() if not isinstance(value, str)}
    faults |= {key: [message("不能为空")] for key in ("username", "password") if not texts[key]}
    if texts["provider"] not in ("db", None):
        faults["provider"] = [message("只支持 db")]
    if faults:
        raise ValidationFailed(faults)
    enterprise = texts["enterprise"] or str(requests.application().config.get("ENTERPRISE", ""))
    ticket = enter(enterprise, texts["username"], texts["password"], "api")
    return _tokens(ticket.user_id, ticket.enterprise.slug, ticket.session, fresh=True)


_LOGIN = {"enterprise": "", "username": "", "password": "", "provider": "db"}


@open_to_all
@without_token
def refresh_json() -> Response:
    """POST with the refresh token as bearer -> a new access token, while the log-in still counts."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(message("请先登录"))
    requests.show(requests.read_token(encoded.strip(), "refresh"))
    held = requests.current()
    who = requests.shown()
    assert who is not None
    return _tokens(held.actor.user_id, held.enterprise.slug, who.session, fresh=False)


@late
def change_password() -> AnyResponse:
    """POST ``old`` and ``new`` (form or JSON): every log-in of the user ends, this one goes on under a new name.

    A page is sent to ``next``; a bearer of a token gets new tokens.
    """
    told = json_object() if request.mimetype == "application/json" else dict(request.form.items())
    old, new = (str(told.get(key)) if isinstance(told.get(key), str) else "" for key in ("old", "new"))
    who = requests.shown()
    assert who is not None
    fresh, actor = change_own(old, new)
    if who.by == "token":
        return _tokens(actor.user_id, actor.enterprise, fresh, fresh=True)
    session["session"] = fresh
    return (
        Response(status=204)
        if request.mimetype == "application/json"
        else redirect(local_path(told.get("next") or "/"))
    )


def _tokens(user_id: int | None, enterprise: str, known: str, *, fresh: bool) -> Response:
    claims = {"enterprise": enterprise, "session": known}
    tokens: dict[str, Any] = {"access_token": create_access_token(str(user_id), fresh=fresh, additional_claims=claims)}
    if fresh:
        tokens["refresh_token"] = create_refresh_token(str(user_id), additional_claims=claims)
    return Response(json.dumps(tokens), mimetype="application/json")

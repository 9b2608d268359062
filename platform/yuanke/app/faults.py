"""What goes wrong, told in the caller's way: problem details (RFC 9457) below ``/api``, a page elsewhere.

The one rule: only sentences of `kernel.errors` and the names of HTTP leave the house; whatever else happened is logged
under a number that the answer names.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, json, redirect, request, url_for
from flask_babel import force_locale
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import (
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
    VersionConflict,
)
from yuanke.kernel.text import Message, message
from yuanke.metadata.faults import told
from yuanke.web import requests
from yuanke.web.language import locale, say
from yuanke.web.retries import passes

log = logging.getLogger("yuanke.faults")
MOST_TOLD, LONGEST_PLACE = 200, 200
CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
TITLES = {
    "bad_request": message("请求有误"),
    "csrf": message("页面已过期，请刷新后重试"),
    "unauthenticated": message("请先登录"),
    "access_denied": message("没有权限"),
    "not_found": message("没有找到"),
    "method_not_allowed": message("这个地址不支持这种操作"),
    "too_large": message("内容太大"),
    "unsupported_media_type": message("不支持这种内容类型"),
    "too_many_requests": message("操作太频繁"),
    "bad_query": message("查询条件有误"),
    "validation_failed": message("有内容需要修改"),
    "version_conflict": message("已被别人修改"),
    "definition_fault": message("定义有误"),
    "refused": message("不能这样做"),
    "unavailable": message("系统正忙"),
    "internal": message("系统出错了"),
}


DETAILS = {
    400: message("服务器不能理解这个请求"),
    404: message("没有这个地址，请检查拼写"),
    405: message("这个地址不支持这种请求方法，支持的见 Allow"),
    413: message("上传的内容超过大小限制"),
}


def install(app: Flask) -> None:
    app.register_error_handler(Refusal, on_refusal)
    app.register_error_handler(DefinitionError, on_definition)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(sa.exc.SQLAlchemyError, on_database)
    app.register_error_handler(Exception, on_bug)


def on_refusal(fault: Refusal) -> Response:
    headers = {}
    if isinstance(fault, (TooManyRequests, Unavailable)) or "retry_after" in fault.extra:
        headers["Retry-After"] = str(fault.extra.get("retry_after", 1))
    if isinstance(fault, Unauthenticated):
        if not is_api():
            return to_login()
        headers["WWW-Authenticate"] = 'Bearer realm="yuanke"'
    status = 412 if isinstance(fault, VersionConflict) and "If-Match" in request.headers else fault.status
    more: dict[str, Any] = {key: value for key, value in fault.extra.items() if key != "retry_after"}
    if isinstance(places := getattr(fault, "faults", None), dict):
        more["errors"] = _told((place, said) for place, said in places.items())
    if isinstance(fault, ValidationFailed):
        more["errors"] = _told((place, said) for place, sentences in fault.errors.items() for said in sentences)
    return answer(status, fault.code, fault.said, headers, more)


def _told(faults: Iterable[tuple[str, Message]]) -> list[dict[str, str]]:
    """Each fault at its place; the first hundreds, since nobody reads more and a body may hold thousands."""
    return [{"field": place[:LONGEST_PLACE], "message": say(said)} for place, said in islice(faults, MOST_TOLD)]


def on_definition(fault: DefinitionError) -> Response:
    """Wrong definitions: every fault with its code, place and next step."""
    errors = [
        {"field": str(d.span), "message": say(message("：")).join(filter(None, told(d, locale()))), "code": d.code}
        for d in fault.diagnostics
        if not d.is_warning
    ]
    said = message("定义有 {count} 处错误", count=len(errors))
    return answer(422, "definition_fault", said, {}, {"errors": errors})


def on_http(fault: HTTPException) -> Response:
    if fault.response is not None:
        return fault.response  # type: ignore[return-value]
    status = fault.code or 500
    code = (
        "csrf"
        if type(fault).__name__ == "CSRFError"
        else CODES.get(status, "bad_request" if status < 500 else "internal")
    )
    kept = ("Allow", "Retry-After", "Location")
    headers = {name: value for name, value in fault.get_headers() if name in kept}
    if 300 <= status < 400:
        return fault.get_response()  # type: ignore[return-value]
    return answer(status, code, DETAILS.get(status) or fault.description or "", headers)


def on_database(fault: sa.exc.SQLAlchemyError) -> Response:
    lost = isinstance(fault, sa.exc.DBAPIError) and fault.connection_invalidated
    if passes(fault) or lost or isinstance(fault, sa.exc.TimeoutError):
        log.warning("the database is busy or away: %s", fault)
        return on_refusal(Unavailable(message("系统正忙，请稍后再试"), retry_after=2))
    return on_bug(fault)


def on_bug(fault: Exception) -> Response:
    number = secrets.token_hex(6)
    log.error("fault %s at %s %s", number, request.method, request.path, exc_info=fault)
    said = message("系统出错了，已记录，编号 {number}", number=number)
    return answer(500, "internal", said, {}, {"instance": f"urn:fault:{number}"})


def answer(
    status: int,
    code: str,
    detail: Message | str,
    headers: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """Undo the request's work, then say so as JSON or as a page."""
    spoken = locale()  # asked first: with the work goes what is known of who asks
    requests.give_up()
    if is_api():
        with force_locale(spoken):
            title, said = _said(TITLES.get(code, detail)), _said(detail)
        body = {"type": "about:blank", "title": title, "status": status, "detail": said, "code": code, **(more or {})}
        # what a caller sent may come again in the sentence, half characters that no answer can carry included
        response = Response(json.dumps(body).encode(errors="replace"), status, mimetype="application/problem+json")
    else:
        response = _page(status, TITLES.get(code, detail), detail, (more or {}).get("instance"), spoken)
    response.headers.update(headers or {})
    return response


def _said(what: Message | str) -> str:
    return say(what) if isinstance(what, Message) else what


def _page(status: int, title: Message | str, detail: Message | str, instance: str | None, spoken: str) -> Response:
    from yuanke.screens.failure import failure_page

    try:
        return failure_page(status, title, detail, spoken, instance.rsplit(":", 1)[-1] if instance else None)
    except Exception:
        log.exception("the failure page failed")
        head, said = escape(_said(title)), escape(_said(detail))
        plain = f"<!doctype html><html lang=zh-CN><title>{head}</title><h1>{head}</h1><p>{said}</p>"
        return Response(plain.encode(errors="replace"), status, mimetype="text/html")


def is_api() -> bool:
    return requests.door() == "api" or request.mimetype == "application/json"


def to_login() -> Response:
    """To the log-in and back here; htmx is told to load the whole page."""
    requests.give_up()
    here = request.full_path.rstrip("?") if request.method == "GET" and not request.headers.get("HX-Request") else None
    target = url_for("login", next=here) if here not in (None, "/") else url_for("login")
    if request.headers.get("HX-Request"):
        return Response("", 401, headers={"HX-Redirect": target})
    return redirect(target)  # type: ignore[return-value]

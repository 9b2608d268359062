"""One effect for a POST that arrives twice: header ``Idempotency-Key``, or the form field ``once`` of a page.

The one rule: the second arrival gets the answer of the first. Refusals are not kept: nothing of them stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, make_response, request

from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.web import replies
from yuanke.web.requests import current

HEADER, FIELD = "Idempotency-Key", "once"


def once(view: Callable[..., Any]) -> Callable[..., Response]:
    """A view of POST that honours the key."""

    @wraps(view)
    def run(*arguments: Any, **values: Any) -> Response:
        key = request.headers.get(HEADER) or request.form.get(FIELD)
        if HEADER not in request.headers and not key:
            return make_response(view(*arguments, **values))
        if not key or len(key) > replies.LONGEST_KEY or not (key.isascii() and key.isprintable()):
            said = message("Idempotency-Key 应为 1 到 {most} 个可见的 ASCII 字符", most=replies.LONGEST_KEY)
            raise QueryFault(said, parameter=HEADER)
        held = current()
        user_id = held.actor.user_id or 0
        kept = replies.claim(held.unit, user_id, key, fingerprint())
        if kept is not None:
            return _again(kept)
        response = make_response(view(*arguments, **values))
        if response.status_code < 400:
            location = response.headers.get("Location")
            replies.keep(
                held.unit,
                user_id,
                key,
                response.status_code,
                response.mimetype or "",
                location,
                response.get_data(as_text=True),
            )
        return response

    run.honours_key = True  # type: ignore[attr-defined]
    return run


def _again(kept: Any) -> Response:
    response = Response(kept.body, kept.status, mimetype=kept.type)
    if kept.location:
        response.headers["Location"] = kept.location
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _by_name(item: tuple[str | None, str]) -> tuple[str, str]:
    """A part of an upload may come without a name."""
    return item[0] or "", item[1]


def fingerprint() -> str:
    """What makes two requests the same: method, address, body; of an upload its fields and the files' contents."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data())
    for name, value in sorted(request.form.items(multi=True), key=_by_name):
        if name != "csrf_token":
            digest.update(f"\n{name}={value}".encode())
    for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0] or ""):
        digest.update(f"\n{name}:{upload.filename}\n".encode())
        while piece := upload.stream.read(1 << 16):
            digest.update(piece)
        upload.stream.seek(0)
    return digest.hexdigest()

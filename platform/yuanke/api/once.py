"""One effect for a POST that arrives twice: ``Idempotency-Key``, kept 48 hours for each user.

The one rule: key, effect and answer are written in one transaction, so an answer is remembered exactly if its effect
stands. The same key with another body is 422; while the first still runs it is 409 with Retry-After.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import sqlalchemy as sa
from flask import Response, make_response, request
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import QueryFault, Refusal, Refused
from yuanke.kernel.text import message
from yuanke.storage.system import own_table
from yuanke.storage.tables import identity
from yuanke.web.requests import Current, current

KEPT = timedelta(hours=48)
LONGEST_KEY = 200
IDEMPOTENCY = own_table(
    "idempotency",
    sa.Column("user_id", identity(), primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(LONGEST_KEY), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("location", sa.String(500)),
    sa.Column("body", sa.Text),
    sa.Column("made_at", UtcDateTime, nullable=False, index=True),
)


class OtherBody(Refusal):
    """The key was used for another request."""

    code, status = "idempotency_key_reused", 422


def once(view: Callable[..., Any]) -> Callable[..., Response]:
    """A POST view that honours ``Idempotency-Key``."""

    @wraps(view)
    def run(*arguments: Any, **values: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return make_response(view(*arguments, **values))
        if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            said = message("Idempotency-Key 应为 1 到 {most} 个可见的 ASCII 字符", most=LONGEST_KEY)
            raise QueryFault(said, parameter="Idempotency-Key")
        held = current()
        kept = _claim(held, key)
        if kept is not None:
            return _again(kept)
        response = make_response(view(*arguments, **values))
        if response.status_code < 400:
            _keep(held, key, response)
        return response

    run.honours_key = True  # type: ignore[attr-defined]
    return run


def _claim(held: Current, key: str) -> Any:
    """Enter the key; the row of an earlier request when there is one. Waits for one that still runs, but not long."""
    unit, now = held.unit, clock.now()
    unit.execute(IDEMPOTENCY.delete().where(IDEMPOTENCY.c.made_at < now - KEPT))
    row = {"user_id": held.actor.user_id, "key": key, "fingerprint": fingerprint(), "made_at": now}
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(IDEMPOTENCY)
    if _inserted(held, insert.values(row).on_conflict_do_nothing()):
        return None
    mine = sa.and_(IDEMPOTENCY.c.user_id == held.actor.user_id, IDEMPOTENCY.c.key == key)
    kept = unit.execute(sa.select(IDEMPOTENCY).where(mine)).first()
    if kept is None:
        raise _running()
    if kept.fingerprint != row["fingerprint"]:
        raise OtherBody(message("这个 Idempotency-Key 已用于另一个请求，请换一个"))
    return kept


def _inserted(held: Current, statement: Any) -> bool:
    if held.unit.dialect != "postgresql":
        return bool(held.unit.execute(statement).rowcount)  # BEGIN IMMEDIATE has waited already
    held.unit.execute(sa.select(sa.func.set_config("lock_timeout", "3s", True)))
    try:
        made = bool(held.unit.execute(statement).rowcount)
    except sa.exc.DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) == "55P03":
            raise _running() from fault
        raise
    held.unit.execute(sa.select(sa.func.set_config("lock_timeout", "0", True)))
    return made


def _running() -> Refused:
    return Refused(message("同一个 Idempotency-Key 的请求还在处理"), retry_after=1)


def _keep(held: Current, key: str, response: Response) -> None:
    mine = sa.and_(IDEMPOTENCY.c.user_id == held.actor.user_id, IDEMPOTENCY.c.key == key)
    values = {
        "status": response.status_code, "location": response.headers.get("Location"), "body": response.get_data(as_text=True),
    }  # fmt: skip
    held.unit.execute(IDEMPOTENCY.update().where(mine).values(values))


def _again(kept: Any) -> Response:
    response = Response(kept.body, kept.status, mimetype="application/json")
    if kept.location:
        response.headers["Location"] = kept.location
    response.headers["Idempotent-Replayed"] = "true"
    return response


def fingerprint() -> str:
    """What makes two requests the same: method, address, body; of an upload its fields and the files' contents."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data())
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"\n{name}={value}".encode())
    for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        digest.update(f"\n{name}:{upload.filename}\n".encode())
        while piece := upload.stream.read(1 << 16):
            digest.update(piece)
        upload.stream.seek(0)
    return digest.hexdigest()

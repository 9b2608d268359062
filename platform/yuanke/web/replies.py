"""Answers already given, kept 48 hours for each user under the key that came with the request.

The one rule: key, effect and answer are written in one transaction, so an answer is remembered exactly if its effect
stands. No Flask here: the table is made with every enterprise, by commands too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import Refusal, Refused
from yuanke.kernel.text import message
from yuanke.storage import Unit
from yuanke.storage.system import own_table
from yuanke.storage.tables import identity

KEPT = timedelta(hours=48)
LONGEST_KEY = 200
WAIT = "3s"
REPLY = own_table(
    "reply",
    sa.Column("user_id", identity(), primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(LONGEST_KEY), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("type", sa.String(100)),
    sa.Column("location", sa.Text),
    sa.Column("body", sa.Text),
    sa.Column("made_at", UtcDateTime, nullable=False, index=True),
)


class OtherRequest(Refusal):
    """The key was used for another request."""

    code, status = "idempotency_key_reused", 422


def claim(unit: Unit, user_id: int, key: str, fingerprint: str) -> Any:
    """Enter the key, or give the row of the earlier request that had it (status, type, location, body).

    Waits for one that still runs, but not long: then Refused with ``retry_after``. Raises OtherRequest for another one.
    """
    now = clock.now()
    unit.execute(REPLY.delete().where(REPLY.c.made_at < now - KEPT))
    row = {"user_id": user_id, "key": key, "fingerprint": fingerprint, "made_at": now}
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(REPLY)
    if _inserted(unit, insert.values(row).on_conflict_do_nothing().returning(REPLY.c.key)):
        return None
    kept = unit.execute(sa.select(REPLY).where(REPLY.c.user_id == user_id, REPLY.c.key == key)).first()
    if kept is None:
        raise _running()
    if kept.fingerprint != fingerprint:
        raise OtherRequest(message("这个 Idempotency-Key 已用于另一个请求，请换一个"))
    return kept


def keep(unit: Unit, user_id: int, key: str, status: int, type_: str, location: str | None, body: str) -> None:
    """Remember the answer of the request that claimed ``key``."""
    values = {"status": status, "type": type_, "location": location, "body": body}
    unit.execute(REPLY.update().where(REPLY.c.user_id == user_id, REPLY.c.key == key).values(values))


def _inserted(unit: Unit, statement: Any) -> bool:
    if unit.dialect != "postgresql":
        return unit.execute(statement).first() is not None  # BEGIN IMMEDIATE has waited already
    unit.execute(sa.select(sa.func.set_config("lock_timeout", WAIT, True)))
    try:
        made = unit.execute(statement).first() is not None
    except sa.exc.DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) == "55P03":
            raise _running() from fault
        raise
    unit.execute(sa.select(sa.func.set_config("lock_timeout", "0", True)))
    return made


def _running() -> Refused:
    return Refused(message("同一个 Idempotency-Key 的请求还在处理"), retry_after=1)

"""Signed calls to other systems, as standardwebhooks asks: id, instant and HMAC-SHA256 over ``id.instant.body``.

The one rule: id and body are made with what caused the call and never change; the instant is that of the attempt, so a
receiver can refuse what was recorded long ago and knows what it has seen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import Run, enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.messages.account import common_secret, outgoing, readable
from yuanke.messages.channels import Call, Fault
from yuanke.messages.errands import WEBHOOKS, Errand, run_errand
from yuanke.messages.outside import Answer
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, prepared, remembered

KIND = "webhook"
STANDARD = "standard"
MARK = "whsec_"
GONE = 410


def webhook(unit: Unit, target: str, event: str, payload: Mapping[str, Any]) -> str:
    """Queue a call to an address or to the webhook of that name; the id of the event, the same at every attempt.

    ``payload`` becomes ``data`` of the body; what JSON does not know is said as text.
    """
    known = "url" if "://" in target else "name"
    if known == "url":
        common_secret(unit)
    return _queue(unit, {known: target}, event, payload)


def announce(unit: Unit, event: str, payload: Mapping[str, Any]) -> list[str]:
    """Queue a call to every webhook that subscribed to ``event`` (or to ``*``); the ids of the events."""
    return [_queue(unit, {"webhook": one}, event, payload) for one in subscribers(unit, event)]


def subscribers(unit: Unit, event: str) -> list[int]:
    """Ids of the webhooks that are told of ``event``; read once a unit, for every save asks."""
    if subscribers not in unit.kept:
        ids, events = remembered(unit, ("subscribers",), lambda: _subscribed(unit)).columns(unit) or ((), ())
        unit.kept[subscribers] = [(one, set(said)) for one, said in zip(ids, events) if isinstance(said, list)]
    return [one for one, events in unit.kept[subscribers] if event in events or "*" in events]


def _subscribed(unit: Unit) -> Prepared:
    table = unit.tables[WEBHOOKS]
    active = sa.and_(table.c.deleted_at.is_(None), table.c.active, table.c.format == STANDARD)
    return prepared(unit, sa.select(table.c.id, table.c.events).where(active, table.c.events.is_not(None)))


def _queue(unit: Unit, where: Mapping[str, Any], event: str, payload: Mapping[str, Any]) -> str:
    said = body_of(event, payload)
    enqueue(unit, Actor(unit.enterprise.slug, None, engine=True), KIND, {**where, **said})
    return said["id"]


def body_of(event: str, payload: Mapping[str, Any]) -> dict[str, str]:
    """What of a call never changes: ``id`` and ``body``."""
    at = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"type": event, "timestamp": at, "data": dict(payload)}
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)
    return {"id": f"msg_{secrets.token_hex(16)}", "body": said}


def signature(secret: str, message_id: str, instant: int, body: bytes) -> str:
    """The header ``webhook-signature``; ``instant`` in seconds since 1970."""
    signed = f"{message_id}.{instant}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret: ``whsec_`` and base64, or the text itself where another system gave it to us."""
    if secret.startswith(MARK):
        try:
            return base64.b64decode(secret[len(MARK) :], validate=True)
        except ValueError:
            return secret.encode()
    return secret.encode()


# -- the job ------------------------------------------------------------------------------------------------------


def call(run: Run) -> dict[str, Any]:
    return run_errand(run, lambda unit: _prepared(unit, run.arguments), judge)


def judge(answer: Answer) -> Fault | None:
    """2xx is a success. Redirects are not followed: the address is what the administrator checked."""
    if 200 <= answer.status < 300:
        return None
    return Fault(answer.body[:200].decode("utf-8", "replace"), again=answer.status != GONE)


def _prepared(unit: Unit, said: Mapping[str, Any]) -> Errand:
    url, secret, webhook_id = _where(unit, said)
    body, instant = str(said["body"]).encode(), int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(said["id"]),
        "webhook-timestamp": str(instant),
        "webhook-signature": signature(secret, str(said["id"]), instant, body),
    }
    return Errand(Call(url, body, headers), webhook_id)


def _where(unit: Unit, said: Mapping[str, Any]) -> tuple[str, str, int | None]:
    if "url" in said:
        return str(said["url"]), readable((outgoing(unit) or {}).get("secret")) or "", None
    table = unit.tables[WEBHOOKS]
    wanted = table.c.id == said["webhook"] if "webhook" in said else table.c.name == said["name"]
    row = unit.execute(sa.select(table).where(wanted, table.c.deleted_at.is_(None))).first()
    if row is None or row.format != STANDARD:
        raise Refused(message("没有名为 {name} 的网络钩子", name=said.get("name") or said.get("webhook")))
    if not row.active:
        raise Refused(message("网络钩子“{name}”已停用", name=row.name))
    return row.url, readable(row.secret) or "", row.id

"""Calls of other systems: ``hook:`` automations, each with a secret of its own, shown or signed with (standardwebhooks).

The one rule: what was not shown to come from the other side is answered like what is not there; a call that came twice
runs once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.fieldtypes import ValueFault
from yuanke.fieldtypes.link import Unresolved
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Unauthenticated, ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.records.intake import typed_value, unknown
from yuanke.records.keys import ids_by_key, no_such
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live
from yuanke.workflow.automations import switching
from yuanke.workflow.automations.declared import Automation, find
from yuanke.workflow.automations.running import KIND, engine
from yuanke.workflow.automations.tables import SECRET
from yuanke.workflow.automations.told import Told
from yuanke.workflow.names import ActNames
from yuanke.workflow.values import values_of

PREFIX = "whsec_"
#: seconds by which the clocks of the two sides may differ
TOLERANCE = 300
LONGEST_ID = 100


@dataclass(frozen=True)
class Call:
    """What arrived: the raw body, and what the headers show."""

    body: bytes
    id: str | None  # webhook-id
    timestamp: str | None  # webhook-timestamp, seconds since 1970
    signature: str | None  # webhook-signature: v1,<base64> and others, blanks between
    secret: str | None  # Authorization: Bearer whsec_...


# -- secrets -----------------------------------------------------------------------------------------------------------


def secret_of(unit: Unit, one: Automation) -> str | None:
    return unit.execute(sa.select(SECRET.c.secret).where(SECRET.c.automation == one.address)).scalar()


def new_secret(unit: Unit, actor: Actor, one: Automation) -> str:
    """A fresh secret; the one before counts no more."""
    if one.trigger != "hook":
        raise RecordNotFound(message("没有名为 {name} 的自动化", name=one.address))
    made = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    unit.execute(SECRET.delete().where(SECRET.c.automation == one.address))
    unit.execute(SECRET.insert().values(automation=one.address, secret=made, by=actor.user_id, at=clock.now()))
    return made


def sign(secret: str, call_id: str, timestamp: str, body: bytes) -> str:
    """``v1,...`` as standardwebhooks has it: HMAC-SHA256 of ``id.timestamp.body`` under the decoded secret."""
    signed = f"{call_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


# -- calls -------------------------------------------------------------------------------------------------------------


def hook_at(unit: Unit, address: str) -> Automation:
    """The hook that may be called there; RecordNotFound when there is none, it is off, or has no secret yet."""
    one = find(unit.registry, address)
    if one.trigger != "hook" or not one.active or secret_of(unit, one) is None:
        raise RecordNotFound(message("没有名为 {name} 的自动化", name=address[:120]))
    return one


def check(unit: Unit, one: Automation, call: Call) -> None:
    """Raises Unauthenticated unless the call shows the secret, or is signed with it and fresh."""
    secret = secret_of(unit, one) or ""
    if call.secret is not None and hmac.compare_digest(call.secret.encode(), secret.encode()):
        return
    if call.id and call.timestamp and call.signature and _is_fresh(call.timestamp):
        wanted = sign(secret, call.id, call.timestamp, call.body)
        if any(hmac.compare_digest(shown.encode(), wanted.encode()) for shown in call.signature.split()):
            return
    raise Unauthenticated(message("密钥或签名不对，或时间相差超过 {minutes} 分钟", minutes=TOLERANCE // 60))


def _is_fresh(timestamp: str) -> bool:
    try:
        return abs(clock.now().timestamp() - int(timestamp)) <= TOLERANCE
    except ValueError:
        return False


def receive(unit: Unit, one: Automation, call: Call, sent: Mapping[str, Any]) -> int | None:
    """Queue the run; the id of its job (of the first, when the call came before), None when the automation is paused.
    Raises ValidationFailed."""
    asked = _taken(unit, one, sent)
    if switching.is_paused(unit, one.address):
        return None
    told = Told(one, _record(unit, one, asked), "hook", asked=asked)
    once = f"hook:{one.address}:{call.id[:LONGEST_ID]}" if call.id else None
    return jobs.enqueue(unit, engine(unit), KIND, told.arguments(), dedupe=once)


def _taken(unit: Unit, one: Automation, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, typed by ``ask:``; links by number or key."""
    faults: dict[str, list[Message]] = {key: [unknown(key)] for key in sent if key not in one.ask}
    taken: dict[str, Any] = {}
    for key, field in one.ask.items():
        try:
            value = None if sent.get(key) is None else typed_value(field, sent[key], unit.place)
            taken[key] = (
                _resolved(unit, unit.registry.entities[field.targets[0]], value)
                if isinstance(value, Unresolved)
                else value
            )
        except ValueFault as fault:
            faults[key] = [fault.said]
        if field.required and key not in faults and taken.get(key) in (None, ""):
            faults[key] = [message("{field} 不能为空", field=field.label)]
    if faults:
        raise ValidationFailed(faults)
    return taken


def _resolved(unit: Unit, target: Entity, wanted: Unresolved) -> int:
    found = ids_by_key(unit, engine(unit), target, {wanted.text}, wanted.field).get(wanted.text)
    if found is None:
        raise ValueFault(no_such(wanted.text, target))
    return int(found)


def _record(unit: Unit, one: Automation, asked: Mapping[str, Any]) -> int | None:
    """The record that ``match`` finds; a hook without it is about none."""
    said = one.said["hook"]
    match = said.get("match") if isinstance(said, Mapping) else None
    if not match:
        return None
    names = ActNames(unit, engine(unit), one.entity, None, asked=asked, asks=one.ask)
    table = unit.tables[one.entity.key]
    conditions = [table.c[key] == value for key, value in values_of(one.entity, match, names).items()]
    found = unit.execute(
        sa.select(table.c.id).where(live(one.entity, table), *conditions).order_by(table.c.id).limit(2)
    )
    ids = list(found.scalars())
    if len(ids) != 1:
        said_ = message("没有找到对应的{entity}", entity=one.entity.label)
        if len(ids) > 1:
            said_ = message("对应的{entity}不止一条", entity=one.entity.label)
        raise ValidationFailed({"": [said_]})
    return int(ids[0])

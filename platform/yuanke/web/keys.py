"""Making and revoking keys of programs, the same through every door.

The one rule: only an administrator, himself and confirmed by his password, makes one; what he makes is shown by the answer
to this request and never again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.access import keys
from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records import Record, Records
from yuanke.web import requests


def issue(values: Mapping[str, Any]) -> tuple[Record, str]:
    """The record of a new key and the key. ``values``: name, user (of kind interface), expires.

    Raises ValidationFailed at its fields, AccessDenied for everybody but administrators.
    """
    held, door = _as_engine()
    new = keys.made(held.enterprise.slug)
    record = door.create("api_key", {**values, "prefix": new.prefix})
    user = record.values["user"]
    person = door.get("user", user.id, ("kind", "status"))
    if person.values["kind"] != keys.KIND or person.values["status"] != "active":
        raise ValidationFailed({"user": [message("只有在用的接口用户可以有密钥，{name} 不是", name=user.title)]})
    if record.values["expires"] is not None and record.values["expires"] < clock.today(held.unit.place.timezone):
        raise ValidationFailed({"expires": [message("到期日已经过了")]})
    keys.keep(held.unit, record.id, user.id, record.values["name"], new)
    return record, new.key


def revoke(record_id: int) -> Record:
    """End a key for good; one that has ended already stays as it is."""
    held, door = _as_engine()
    record = door.get("api_key", record_id)
    if record.values["revoked_at"] is not None:
        return record
    keys.ended(held.unit, record_id)
    return door.update("api_key", record_id, {"revoked_at": clock.now()})


def _as_engine() -> tuple[requests.Current, Records]:
    held, who = requests.current(), requests.shown()
    if who is None or who.by == "key":
        raise AccessDenied(message("这件事要由本人登录后做，不能用接口密钥"))
    if not held.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以管理接口密钥"))
    if not held.records.may("api_key", "create"):
        raise RecordNotFound()
    return held, Records(held.unit, engine_of(held.actor))

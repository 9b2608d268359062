"""What only the person himself may do: he says his password once more. Changing it, the same through every door.

The one rule: the old one is compared outside of any transaction; every log-in ends with the change, the one that asked
goes on under a new name.
"""

from __future__ import annotations

from flask import request

from yuanke.access import passwords, people
from yuanke.access.login import own_password
from yuanke.access.sessions import open_session
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.web import requests


def change_own(old: str, new: str) -> tuple[str, Actor]:
    """The fresh session and who it is. The view must be ``late``. Raises ValidationFailed at ``old`` or ``new``."""
    actor = confirm(old, "old", message("原密码不正确"))
    held = requests.current()
    assert actor.user_id is not None
    people.set_password(held.unit, actor.user_id, new, field="new")
    session = open_session(held.unit, actor.user_id, actor.door, request.remote_addr or "", request.user_agent.string)
    return session, actor


def confirm(password: str, field: str, wrong: Message) -> Actor:
    """Who asks, when he knows his password: for a ``late`` view, before what only the person himself may do.

    Raises ValidationFailed with ``wrong`` at ``field``; wrong ones count as wrong log-ins. A key has no password to know.
    """
    who, address = requests.shown(), request.remote_addr or ""
    if who is not None and who.by == "key":
        raise AccessDenied(message("这件事要由本人登录后做，不能用接口密钥"))
    stored, actor = _confirmed()
    limits = requests.application().login_limits
    limits.check(actor.enterprise, actor.username, address)
    if not passwords.verify(stored, password):
        limits.failed(actor.enterprise, actor.username, address)
        raise ValidationFailed({field: [wrong]})
    return actor


def _confirmed() -> tuple[str | None, Actor]:
    """The stored hash and the actor, read in a unit that is closed again before the hash is compared."""
    with requests.only_reading() as held:
        assert held.actor.user_id is not None
        return own_password(held.unit, held.actor.user_id), held.actor

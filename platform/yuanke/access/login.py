"""Logging in: enterprise name, user name and password become a session.

The one rule: every wrong combination, the absent enterprise included, takes the same time and gets the same sentence.
What is wrong with the enterprise itself (suspended, expired) is told only to whoever knew the password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access import passwords
from yuanke.access.sessions import USER, check_open, end_session, open_session
from yuanke.kernel import clock
from yuanke.kernel.actor import Door, Enterprise
from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.storage.installation import Installation
from yuanke.storage.unit import Unit

WRONG = message("企业、用户名或密码不正确")


@dataclass(frozen=True)
class Ticket:
    """A log-in that stands: what the cookie or token is made of."""

    enterprise: Enterprise
    user_id: int
    session: str
    locale: str


def log_in(
    installation: Installation,
    enterprise: str,
    username: str,
    password: str,
    door: Door,
    address: str = "",
    agent: str = "",
) -> Ticket:
    """Check and open a session, or raise Unauthenticated. Takes its own units: the hash is compared outside of both."""
    found = installation.directory.find(enterprise)
    account = _account(installation, found, username) if found and username else None
    right = passwords.verify(account.password if account else None, password)
    usable = account is not None and account.status == "active" and (door == "api" or account.kind != "interface")
    came = {"username": username[:100], "address": address[:64], "device": agent[:300]}
    if found is None or account is None or not (right and usable):
        if found is not None:
            with installation.unit(found, write=True) as unit:
                note(unit, "wrong", account.id if account else None, **came)
                _count(unit, account.id if account else 0, False)
        raise Unauthenticated(WRONG)
    with installation.unit(found, write=True) as unit:
        check_open(unit.head)
        _count(unit, account.id, True)
        note(unit, "ok", account.id, **came)
        session = open_session(unit, account.id, door, address, agent)
    return Ticket(found, account.id, session, account.locale or "")


def note_locked(installation: Installation, enterprise: str, username: str, address: str, agent: str) -> None:
    """Enter in the enterprise's log that guessing was stopped; a name of no enterprise leaves no trace."""
    found = installation.directory.find(enterprise)
    if found is not None:
        account = _account(installation, found, username)
        came = {"username": username[:100], "address": address[:64], "device": agent[:300]}
        with installation.unit(found, write=True) as unit:
            note(unit, "locked", account.id if account else None, **came)


def log_out(installation: Installation, enterprise: Enterprise, session: str) -> None:
    """End this log-in; one that has ended already changes nothing."""
    with installation.unit(enterprise, write=True) as unit:
        ended = end_session(unit, session)
        if ended is not None:
            note(unit, "ended", ended)


def note(unit: Unit, result: str, user_id: int | None, **came: str) -> None:
    """One line of the log of log-ins: ``ok | wrong | locked | ended``, and what the caller said he was."""
    table, now = unit.tables["login_log"], clock.now()
    row = {"at": now, "created_at": now, "updated_at": now, "version": 1, "user": user_id, "result": result, **came}
    unit.execute(table.insert().values({key: value for key, value in row.items() if key in table.c}))


def _account(installation: Installation, enterprise: Enterprise, username: str) -> Any:
    with installation.unit(enterprise) as unit:
        return unit.execute(
            sa.select(fab.USER.c.id, fab.USER.c.password, USER.c.status, USER.c.kind, USER.c.locale)
            .join(USER, USER.c.id == fab.USER.c.id)
            .where(sa.func.lower(fab.USER.c.username) == username.strip().lower(), fab.USER.c.active)
        ).first()


def _count(unit: Unit, user_id: int, right: bool) -> None:
    counts: dict[str, Any] = {"fail_login_count": sa.func.coalesce(fab.USER.c.fail_login_count, 0) + 1}
    if right:
        counts = {
            "login_count": sa.func.coalesce(fab.USER.c.login_count, 0) + 1, "fail_login_count": 0,
            "last_login": clock.now().replace(tzinfo=None),
        }  # fmt: skip
    unit.execute(fab.USER.update().where(fab.USER.c.id == user_id).values(counts))


def own_password(unit: Unit, user_id: int) -> str | None:
    """The stored hash of a user, to be compared outside of any transaction (`passwords.verify`)."""
    stored: str | None = unit.connection.scalar(sa.select(fab.USER.c.password).where(fab.USER.c.id == user_id))
    return stored

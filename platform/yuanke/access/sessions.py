"""Log-ins: one row each, ended alone at log-out, and an epoch per user that ends them all.

The one rule: a cookie or token only names a session; whether it counts is read in the statement that opens the unit,
together with the versions of the metadata and the user himself, so a change is felt by the very next request.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor, Door
from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.storage.prepared import open_value
from yuanke.storage.system import META, own_table
from yuanke.storage.tables import identity, physical
from yuanke.storage.unit import Unit

SESSION = own_table(
    "session",
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("user_id", identity(), nullable=False, index=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("door", sa.String(10), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("address", sa.String(64)),
    sa.Column("agent", sa.String(300)),
)
#: what the engine knows of a user beside his record: the epoch his sessions must have
PERSON = own_table(
    "person",
    sa.Column("user_id", identity(), primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="1"),
    sa.Column("password_at", UtcDateTime),
)
#: the fixed columns of the user entity that every request needs
USER = sa.Table(
    physical("user"),
    sa.MetaData(),
    sa.Column("id", identity(), primary_key=True),
    *(sa.Column(key, sa.Text) for key in ("username", "name", "kind", "status", "locale")),
    sa.Column("department", identity()),
    sa.Column("manager", identity()),
)
LIFE = {"screen": timedelta(days=14), "api": timedelta(days=30)}

#: the head of a unit for a log-in: one row with the versions, and the session's user when there is one
HEAD = (
    sa.select(
        META.c.meta_version,
        META.c.perm_version,
        META.c.digest,
        META.c.state,
        META.c.expires,
        SESSION.c.id.label("session"),
        SESSION.c.user_id,
        SESSION.c.ended_at,
        SESSION.c.expires_at,
        SESSION.c.epoch,
        PERSON.c.epoch.label("epoch_now"),
        USER.c.username,
        USER.c.name,
        USER.c.kind,
        USER.c.status,
        USER.c.locale,
        USER.c.department,
    )
    .select_from(META)
    .outerjoin(SESSION, SESSION.c.id == open_value("session", sa.String()))
    .outerjoin(PERSON, PERSON.c.user_id == SESSION.c.user_id)
    .outerjoin(USER, USER.c.id == SESSION.c.user_id)
)
_ROLES_OF_USER = sa.union(
    sa.select(fab.USER_ROLE.c.role_id).where(fab.USER_ROLE.c.user_id == sa.bindparam("user_id")),
    sa.select(fab.GROUP_ROLE.c.role_id)
    .join(fab.USER_GROUP, fab.USER_GROUP.c.group_id == fab.GROUP_ROLE.c.group_id)
    .where(fab.USER_GROUP.c.user_id == sa.bindparam("user_id")),
)
_ROLE_NAMES = sa.select(fab.ROLE.c.name).where(fab.ROLE.c.id.in_(_ROLES_OF_USER))
_PAIRS = (
    sa.select(fab.PERMISSION.c.name, fab.VIEW_MENU.c.name)
    .select_from(fab.PERMISSION_VIEW_ROLE)
    .join(fab.PERMISSION_VIEW, fab.PERMISSION_VIEW.c.id == fab.PERMISSION_VIEW_ROLE.c.permission_view_id)
    .join(fab.PERMISSION, fab.PERMISSION.c.id == fab.PERMISSION_VIEW.c.permission_id)
    .join(fab.VIEW_MENU, fab.VIEW_MENU.c.id == fab.PERMISSION_VIEW.c.view_menu_id)
    .where(fab.PERMISSION_VIEW_ROLE.c.role_id.in_(_ROLES_OF_USER))
)
MOST_REMEMBERED = 5_000


@dataclass(frozen=True)
class _Remembered:
    perm_version: int
    roles: frozenset[str]


_remembered: dict[tuple[str, str], _Remembered] = {}  # by (place, session): a session id is never given twice


def open_session(unit: Unit, user_id: int, door: Door, address: str = "", agent: str = "") -> str:
    """Enter a log-in and return its id (256 random bits); the caller puts it into a signed cookie or token."""
    epoch = unit.execute(sa.select(PERSON.c.epoch).where(PERSON.c.user_id == user_id)).scalar()
    if epoch is None:
        unit.execute(PERSON.insert().values(user_id=user_id, epoch=1))
    now = clock.now()
    row = {
        "id": secrets.token_urlsafe(32),
        "user_id": user_id,
        "epoch": epoch or 1,
        "door": door,
        "created_at": now,
        "expires_at": now + LIFE.get(door, LIFE["api"]),
        "address": address[:64],
        "agent": agent[:300],
    }
    unit.execute(SESSION.insert().values(row))
    return str(row["id"])


def end_session(unit: Unit, session: str) -> int | None:
    """End this log-in alone (log-out) and say whose it was; None when it had ended already."""
    ended = SESSION.update().where(SESSION.c.id == session, SESSION.c.ended_at.is_(None)).values(ended_at=clock.now())
    return unit.execute(ended.returning(SESSION.c.user_id)).scalar()


def end_all(unit: Unit, user_id: int) -> None:
    """End every log-in of a user: password set or reset, disabled, left."""
    raised = unit.execute(PERSON.update().where(PERSON.c.user_id == user_id).values(epoch=PERSON.c.epoch + 1))
    if not raised.rowcount:
        unit.execute(PERSON.insert().values(user_id=user_id, epoch=2))


def end_everybody(unit: Unit) -> None:
    """End every log-in of the enterprise (it was suspended)."""
    unit.execute(PERSON.update().values(epoch=PERSON.c.epoch + 1))


def actor_of_session(unit: Unit, door: Door) -> Actor:
    """The actor whom the head of this unit (`HEAD`) names; Unauthenticated when the log-in counts no more."""
    head = unit.head
    if (
        head.session is None
        or head.ended_at is not None
        or head.epoch != (head.epoch_now or 1)
        or head.expires_at <= clock.now()
    ):
        raise Unauthenticated(message("登录已失效，请重新登录"))
    return actor_at_head(unit, door)


def actor_at_head(unit: Unit, door: Door) -> Actor:
    """The actor whom a head names whose credentials hold: is he himself in service, is the enterprise open?"""
    head = unit.head
    if head.status != "active":
        raise Unauthenticated(message("这个账号已停用"))
    check_open(head)
    key = (unit.enterprise.place, head.session)
    kept = _remembered.get(key)
    if kept is None or kept.perm_version != head.perm_version:
        kept = _Remembered(head.perm_version, roles_of(unit, head.user_id))
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = kept
    return _actor(unit, head.user_id, head, kept.roles, door)


def check_open(head: Any) -> None:
    """Refuse when the enterprise is suspended or its term (到期时间, last day included) is over."""
    if head.state != "active":
        raise Unauthenticated(message("企业已停用，请联系服务商"), enterprise="suspended")
    if head.expires is not None and head.expires < clock.today():
        raise Unauthenticated(message("企业使用期已到，请联系服务商续费"), enterprise="expired")


def actor_of(unit: Unit, user_id: int, door: Door) -> Actor:
    """The actor that a user is in this unit, for jobs and commands; Unauthenticated when he is absent or not active."""
    row = unit.execute(sa.select(USER).where(USER.c.id == user_id)).first()
    if row is None or row.status != "active":
        raise Unauthenticated(message("没有这个用户，或账号已停用"))
    return _actor(unit, user_id, row, roles_of(unit, user_id), door)


def roles_of(unit: Unit, user_id: int) -> frozenset[str]:
    """Role keys of a user, those of his groups included."""
    return frozenset(unit.connection.scalars(_ROLE_NAMES, {"user_id": user_id}))


def pairs_of(unit: Unit, user_id: int) -> frozenset[tuple[str, str]]:
    """The projected (permission, view) pairs of a user, as Flask-AppBuilder asks for them; kept for the unit."""
    key = (pairs_of, user_id)
    if key not in unit.kept:
        unit.kept[key] = frozenset((p, v) for p, v in unit.connection.execute(_PAIRS, {"user_id": user_id}))
    found: frozenset[tuple[str, str]] = unit.kept[key]
    return found


def _actor(unit: Unit, user_id: int, row: Any, roles: frozenset[str], door: Door) -> Actor:
    return Actor(
        enterprise=unit.enterprise.slug,
        user_id=user_id,
        username=row.username,
        name=row.name or row.username,
        roles=roles,
        department_id=row.department,
        locale=row.locale or "zh",
        kind=row.kind or "full",
        door=door,
    )

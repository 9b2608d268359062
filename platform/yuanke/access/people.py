"""People: a user is a record of the enterprise and a row of Flask-AppBuilder, written together.

The one rule: nothing else writes ``ab_*`` rows of users and roles. ``user.id`` = ``ab_user.id``, both in one
transaction; whatever changes who may do what raises ``perm_version``, whatever ends trust raises the user's epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access import keys, passwords
from yuanke.access.sessions import PERSON, end_all
from yuanke.kernel import clock
from yuanke.kernel.actor import ADMIN
from yuanke.kernel.errors import RecordNotFound, Refused, ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.storage.system import META
from yuanke.storage.unit import Unit

KINDS = ("full", "readonly", "interface")
STATUSES = ("active", "disabled", "left")
#: told of a user entered here, beside the door to data: ``(unit, id, values)``; who indexes records adds himself
entered: list[Callable[[Unit, int, Mapping[str, Any]], None]] = []


def create_user(
    unit: Unit,
    username: str,
    name: str,
    password: str | None = None,
    roles: Iterable[str] = (),
    *,
    department: int | None = None,
    manager: int | None = None,
    email: str | None = None,
    mobile: str | None = None,
    kind: str = "full",
    status: str = "active",
    **more: Any,
) -> int:
    """Enter a user and return his id. ``more`` are further columns of the user entity, typed as the engine keeps them.

    Without a password he cannot log in until one is set. Taken names, unknown roles and a spent licence are refused.
    """
    fields = {
        "username": username,
        "name": name,
        "department": department,
        "manager": manager,
        "email": email,
        "mobile": mobile,
        "kind": kind,
        "status": status,
        **more,
    }
    wanted = sorted(set(roles))
    check(unit, None, {**fields, "roles": wanted})
    if password is not None:
        passwords.check_strength(password, username)
    table = unit.tables["user"]
    unknown = [key for key in fields if key not in table.c]
    if unknown:
        raise ValidationFailed({key: [message("用户没有字段 {field}", field=key)] for key in unknown})
    now = clock.now()
    row = {**fields, "created_at": now, "updated_at": now, "version": 1}
    if "roles" in table.c:
        row["roles"] = wanted
    identity = unit.execute(table.insert().values(row)).inserted_primary_key
    user_id = int(identity[0]) if identity else 0
    project_user(unit, user_id, {**fields, "roles": wanted})
    if password is not None:
        _store_password(unit, user_id, passwords.hashed(password))
    for tell in entered:
        tell(unit, user_id, row)
    return user_id


def set_password(unit: Unit, user_id: int, password: str, field: str = "password") -> None:
    """Set or reset a password; every log-in and key of the user ends."""
    username = unit.execute(sa.select(fab.USER.c.username).where(fab.USER.c.id == user_id)).scalar()
    if username is None:
        raise RecordNotFound(message("没有这个用户"))
    passwords.check_strength(password, username, field)
    _store_password(unit, user_id, passwords.hashed(password))
    _end_trust(unit, user_id)


def deactivate(unit: Unit, user_id: int, status: str = "disabled") -> None:
    """Take the user out of service (``disabled`` or ``left``); his records stay, every log-in of his ends."""
    before = _stored(unit, user_id)
    check(unit, user_id, {**before, "status": status})
    table = unit.tables["user"]
    unit.execute(
        table.update()
        .where(table.c.id == user_id)
        .values(status=status, updated_at=clock.now(), version=table.c.version + 1)
    )
    project_user(unit, user_id, {**before, "status": status})


def set_roles(unit: Unit, user_id: int, roles: Iterable[str]) -> None:
    """Give a user exactly these roles; felt by his next request."""
    before = _stored(unit, user_id)
    wanted = sorted(set(roles))
    check(unit, user_id, {**before, "roles": wanted})
    table = unit.tables["user"]
    if "roles" in table.c:
        unit.execute(table.update().where(table.c.id == user_id).values(roles=wanted, version=table.c.version + 1))
    project_user(unit, user_id, {**before, "roles": wanted})


def check(unit: Unit, user_id: int | None, values: Mapping[str, Any]) -> None:
    """Refuse a user who must not be: every fault is told at its field. ``user_id`` None = a new one."""
    faults: dict[str, list[Message]] = {}
    username = str(values.get("username") or "")
    if not username or username != username.strip() or len(username) > 128:
        faults["username"] = [message("用户名不能为空，前后不能有空格，最多 128 位")]
    elif _taken(unit, sa.func.lower(fab.USER.c.username) == username.lower(), user_id):
        faults["username"] = [message("用户名 {username} 已被使用", username=username)]
    email = values.get("email")
    if email and _taken(unit, sa.func.lower(fab.USER.c.email) == str(email).lower(), user_id):
        faults["email"] = [message("邮箱 {email} 已被别的用户使用", email=email)]
    for key, known in (("kind", KINDS), ("status", STATUSES)):
        if values.get(key) not in known:
            faults[key] = [message("{value} 不在可选值 {known} 之中", value=values.get(key), known=tuple(known))]
    unknown = sorted(set(values.get("roles") or ()) - set(unit.registry.roles) - {ADMIN})
    if unknown:
        known_roles = sorted({*unit.registry.roles, ADMIN})
        faults["roles"] = [message("没有角色 {roles}，可用的角色：{known}", roles=unknown, known=known_roles)]
    if faults:
        raise ValidationFailed(faults)
    _check_licence(unit, user_id, values)
    _check_last_admin(unit, user_id, values)


def project_user(unit: Unit, user_id: int, values: Mapping[str, Any]) -> None:
    """Write the ``ab_*`` rows that belong to a user record (``values``: username, name, email, status, roles).

    Raises ``perm_version`` when roles moved and ends his log-ins when he is no longer active.
    """
    now = _naive_utc(clock.now())
    active = values["status"] == "active"
    row = {
        "username": values["username"],
        "first_name": str(values["name"])[:64],
        "last_name": "",
        "active": active,
        "email": values.get("email") or f"{values['username']}@users.invalid",
        "changed_on": now,
    }
    before = unit.execute(sa.select(fab.USER.c.active).where(fab.USER.c.id == user_id)).first()
    if before is None:
        unit.execute(fab.USER.insert().values(id=user_id, created_on=now, login_count=0, fail_login_count=0, **row))
        unit.execute(PERSON.insert().values(user_id=user_id, epoch=1))
    else:
        unit.execute(fab.USER.update().where(fab.USER.c.id == user_id).values(row))
        if before.active and not active:
            _end_trust(unit, user_id)
    if _give_roles(unit, user_id, set(values.get("roles") or ())):
        bump_permissions(unit)


def _end_trust(unit: Unit, user_id: int) -> None:
    """Log-ins and keys of a user count no more."""
    end_all(unit, user_id)
    keys.revoke_all(unit, user_id)


def bump_permissions(unit: Unit) -> None:
    """Say that who may do what has changed: every worker reads roles and rights anew."""
    unit.execute(META.update().values(perm_version=META.c.perm_version + 1))


def role_ids(unit: Unit, keys: Iterable[str]) -> dict[str, int]:
    """``ab_role`` ids by role key; rows that are missing are made."""
    wanted = set(keys)
    found = {row.name: row.id for row in unit.execute(sa.select(fab.ROLE.c.name, fab.ROLE.c.id))}
    for key in sorted(wanted - found.keys()):
        made = unit.execute(fab.ROLE.insert().values(name=key)).inserted_primary_key
        found[key] = int(made[0]) if made else 0
    return {key: found[key] for key in wanted}


def _give_roles(unit: Unit, user_id: int, keys: set[str]) -> bool:
    wanted = set(role_ids(unit, keys).values())
    held = set(unit.connection.scalars(sa.select(fab.USER_ROLE.c.role_id).where(fab.USER_ROLE.c.user_id == user_id)))
    if held - wanted:
        unit.execute(
            fab.USER_ROLE.delete().where(fab.USER_ROLE.c.user_id == user_id, fab.USER_ROLE.c.role_id.in_(held - wanted))
        )
    if wanted - held:
        unit.execute(fab.USER_ROLE.insert(), [{"user_id": user_id, "role_id": role} for role in sorted(wanted - held)])
    return wanted != held


def _store_password(unit: Unit, user_id: int, stored: str) -> None:
    unit.execute(fab.USER.update().where(fab.USER.c.id == user_id).values(password=stored, fail_login_count=0))
    unit.execute(PERSON.update().where(PERSON.c.user_id == user_id).values(password_at=clock.now()))


def _stored(unit: Unit, user_id: int) -> dict[str, Any]:
    table = unit.tables["user"]
    row = unit.execute(sa.select(table).where(table.c.id == user_id)).mappings().first()
    if row is None:
        raise RecordNotFound(message("没有这个用户"))
    named = sa.select(fab.ROLE.c.name).join(fab.USER_ROLE, fab.USER_ROLE.c.role_id == fab.ROLE.c.id)
    roles = unit.connection.scalars(named.where(fab.USER_ROLE.c.user_id == user_id))
    return {**row, "roles": sorted(roles)}


def _taken(unit: Unit, condition: sa.ColumnElement[bool], user_id: int | None) -> bool:
    others = sa.true() if user_id is None else fab.USER.c.id != user_id
    return unit.execute(sa.select(fab.USER.c.id).where(condition, others)).first() is not None


def _check_licence(unit: Unit, user_id: int | None, values: Mapping[str, Any]) -> None:
    """许可用户数 counts users of kind full that are active; readonly and interface users are free."""
    limit = unit.enterprise.licences
    if limit is None or values["kind"] != "full" or values["status"] != "active":
        return
    unit.execute(sa.select(META.c.id).with_for_update())  # on PostgreSQL two at once must count one after the other
    table = unit.tables["user"]
    counted = sa.select(sa.func.count()).where(table.c.kind == "full", table.c.status == "active")
    if user_id is not None:
        counted = counted.where(table.c.id != user_id)
    used = unit.execute(counted).scalar_one()
    if used >= limit:
        said = message("许可用户数为 {limit}，已用完；请停用一位用户或增加许可", limit=limit)
        raise Refused(said, licences=limit, used=used)


def _check_last_admin(unit: Unit, user_id: int | None, values: Mapping[str, Any]) -> None:
    """An enterprise never loses its last active administrator."""
    if user_id is None or (values["status"] == "active" and ADMIN in (values.get("roles") or ())):
        return
    admins = (
        sa.select(fab.USER.c.id)
        .join(fab.USER_ROLE, fab.USER_ROLE.c.user_id == fab.USER.c.id)
        .join(fab.ROLE, fab.ROLE.c.id == fab.USER_ROLE.c.role_id)
        .where(fab.ROLE.c.name == ADMIN, fab.USER.c.active)
    )
    if set(unit.connection.scalars(admins)) == {user_id}:
        raise Refused(message("这是最后一位在用的系统管理员，请先指定另一位"))


def _naive_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)  # the columns of Flask-AppBuilder keep no zone

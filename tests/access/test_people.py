"""Users: two rows that are one person, roles, licences, the last administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access import fab_tables as fab
from yuanke.access import passwords, people
from yuanke.access.sessions import actor_of, pairs_of
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, Unauthenticated, ValidationFailed
from yuanke.records import Records
from yuanke.storage import Installation

PASSWORD = "geheim-geheim"


def admin_door(unit: Any, user_id: int) -> Records:
    return Records(unit, actor_of(unit, user_id, "api"))


def test_a_user_is_two_rows_under_one_id(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes, write=True) as unit:
        made = people.create_user(unit, "mei", "梅", PASSWORD, ["clerk"], mobile="13800000000")
        table = unit.tables["user"]
        ours = unit.execute(sa.select(table).where(table.c.id == made)).mappings().one()
        theirs = unit.execute(sa.select(fab.USER).where(fab.USER.c.id == made)).mappings().one()
    assert (ours["username"], ours["name"], ours["roles"]) == ("mei", "梅", ["clerk"])
    assert (theirs["username"], theirs["first_name"], theirs["last_name"], theirs["active"]) == ("mei", "梅", "", True)
    assert theirs["email"] == "mei@users.invalid"
    assert passwords.verify(theirs["password"], PASSWORD)
    assert not passwords.verify(theirs["password"], PASSWORD + "x")


def test_a_user_entered_by_a_command_is_found_by_his_initials(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes, write=True) as unit:
        made = people.create_user(unit, "cm", "陈默", None, ["clerk"])
        engine = Records(unit, Actor("acme", None, door="command", engine=True))
        for text in ("陈默", "cm"):
            assert made in [one.id for one in engine.lookup("user", text)], text


def test_roles_are_read_back_and_projected_as_pairs(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes) as unit:
        lin = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "lin")).scalar_one()
        assert actor_of(unit, lin, "job").roles == {"clerk"}
        pairs = pairs_of(unit, lin)
    assert ("can_create", "note") in pairs
    assert ("menu_access", "folder") in pairs
    assert ("can_create", "folder") not in pairs
    assert ("can_export", "note") not in pairs


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "LIN"}, "username"),
        ({"username": " lin2"}, "username"),
        ({"username": ""}, "username"),
        ({"roles": ["nobody"]}, "roles"),
        ({"kind": "root"}, "kind"),
        ({"status": "asleep"}, "status"),
        ({"password": "short"}, "password"),
        ({"password": "newcomer"}, "password"),
        ({"email": "lin@users.invalid"}, "email"),
        ({"shoe_size": 43}, "shoe_size"),
    ],
)
def test_a_user_who_must_not_be_is_refused_at_the_field(
    installation: Installation, notes: Enterprise, values: dict[str, Any], field: str
) -> None:
    given = {"username": "newcomer", "name": "新", "password": PASSWORD, **values}
    with pytest.raises(ValidationFailed) as told, installation.unit(notes, write=True) as unit:
        people.create_user(unit, **given)
    assert field in told.value.errors


def test_a_spent_licence_refuses_full_users_only(
    enterprise: Callable[..., Enterprise], staff: Callable[..., int], installation: Installation
) -> None:
    from tests.served import NOTES

    made = enterprise(NOTES, slug="small", licences=2)
    staff(made, "root", "admin")
    staff(made, "lin", "clerk")
    staff(made, "guest", "clerk", kind="readonly")
    with pytest.raises(Refused) as told:
        staff(made, "yu", "clerk")
    assert told.value.extra["licences"] == 2
    with installation.unit(made, write=True) as unit:
        people.deactivate(unit, unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "lin")).scalar_one())
    staff(made, "yu", "clerk")


def test_the_last_administrator_stays(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes, write=True) as unit:
        root = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "root")).scalar_one()
        with pytest.raises(Refused):
            people.deactivate(unit, root)
        with pytest.raises(Refused):
            people.set_roles(unit, root, ["clerk"])
        people.create_user(unit, "second", "第二", PASSWORD, ["admin"])
        people.deactivate(unit, root, "left")
        with pytest.raises(Unauthenticated):
            actor_of(unit, root, "api")


def test_a_user_saved_through_the_door_to_data_can_log_in_once_he_has_a_password(
    installation: Installation, notes: Enterprise
) -> None:
    with installation.unit(notes, write=True) as unit:
        root = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "root")).scalar_one()
        made = admin_door(unit, root).create("user", {"username": "hua", "name": "花", "roles": ["clerk"]})
        stored = unit.execute(sa.select(fab.USER.c.password, fab.USER.c.active).where(fab.USER.c.id == made.id)).one()
        assert stored.password is None
        assert actor_of(unit, made.id, "api").roles == {"clerk"}
        people.set_password(unit, made.id, PASSWORD)


def test_only_an_administrator_gives_roles(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes, write=True) as unit:
        qin = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "qin")).scalar_one()
        door = admin_door(unit, qin)
        with pytest.raises((ValidationFailed, AccessDenied, RecordNotFound)):
            door.update("user", qin, {"roles": ["admin"]})
        assert actor_of(unit, qin, "api").roles == {"chief"}


def test_a_user_is_never_deleted(installation: Installation, notes: Enterprise) -> None:
    with installation.unit(notes, write=True) as unit:
        engine = Records(unit, Actor("acme", None, door="command", engine=True))
        lin = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "lin")).scalar_one()
        with pytest.raises(Refused):
            engine.delete("user", lin)

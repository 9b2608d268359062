"""At create the owner is the creator unless a covering create scope gives another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.records import Records
from yuanke.storage import Installation

DESK = """
module: desk
label: 桌
roles: {own: {}, team: {}, dept: {}, all: {}, yes: {}, north: {}}
entities:
  letter:
    label: 信
    fields: {name: text!, area: {options: [north, south]}}
    scopes: {north: area == north}
    permissions:
      own: {read: all, create: own}
      team: {read: all, create: team}
      dept: {read: all, create: department}
      all: {read: all, create: all}
      yes: {read: all, create: true}
      north: {read: all, create: north}
"""
#: name -> (department, manager): one is over two over three; 左 lies in 总部, 右 beside it; loner is nowhere
PEOPLE = {
    "one": ("总部", None), "two": ("左", "one"), "three": ("左", "two"), "side": ("右", None), "loner": (None, None),
}  # fmt: skip
ANYBODY = {*PEOPLE, None}
#: role and creator -> the owners he may give
COVERED: list[tuple[list[str], str, set[str | None]]] = [
    (["own"], "two", {"two"}),
    (["team"], "two", {"two", "three"}),
    (["team"], "one", {"one", "two", "three"}),
    (["team"], "three", {"three"}),
    (["dept"], "one", {"one", "two", "three", "side"}),
    (["dept"], "two", {"two", "three"}),
    (["dept"], "three", {"two", "three"}),
    (["dept"], "loner", {"loner"}),
    (["own", "dept"], "three", {"two", "three"}),
    (["team", "dept"], "one", {"one", "two", "three", "side"}),
    (["all"], "three", ANYBODY),
    (["yes"], "loner", ANYBODY),
    (["own", "all"], "three", ANYBODY),
]


@pytest.fixture
def desk(installation: Installation, enterprise: Callable[..., Enterprise]) -> Callable[..., Any]:
    """``desk(roles, creator, owner)``: the letter that ``creator`` makes for ``owner``; () = without saying."""
    at = enterprise(DESK)
    ids: dict[str, int] = {}
    with installation.unit(at, write=True) as unit:
        root = people.create_user(unit, "root", "root", roles=["admin"])
        door = Records(unit, actor_of(unit, root, "api"))
        head = door.create("department", {"name": "总部"}).id
        places = {"总部": head, None: None}
        for name in ("左", "右"):
            places[name] = door.create("department", {"name": name, "parent": head}).id
        for name, (where, above) in PEOPLE.items():
            ids[name] = people.create_user(unit, name, name, department=places[where], manager=ids.get(above or ""))
    names = {number: name for name, number in ids.items()}

    def make(roles: list[str], creator: str, owner: Any = (), **values: Any) -> str | None:
        with installation.unit(at, write=True) as unit:
            people.set_roles(unit, ids[creator], roles)
            door = Records(unit, actor_of(unit, ids[creator], "api"))
            given = {} if owner == () else {"owner": ids.get(owner, owner)}
            made = door.create("letter", {"name": "x", **values, **given})
            owned = made.values["owner"]
            department = made.values["department"]
            where = PEOPLE[names[owned.id]][0] if owned else None
            assert (department.title if department else None) == where, "the department follows the owner"
            return names[owned.id] if owned else None

    return make


def test_a_create_scope_covers_whom_it_covers(desk: Callable[..., Any]) -> None:
    for roles, creator, covered in COVERED:
        assert desk(roles, creator) == creator, "who says nothing owns it"
        for owner in ANYBODY:
            if owner in covered:
                assert desk(roles, creator, owner) == owner, (roles, creator, owner)
            else:
                with pytest.raises(ValidationFailed) as told:
                    desk(roles, creator, owner)
                assert set(told.value.errors) == {"owner"}, (roles, creator, owner)


def test_a_declared_scope_is_asked_of_the_record_that_stands(desk: Callable[..., Any]) -> None:
    assert desk(["north"], "two", "side", area="north") == "side"
    assert desk(["north"], "two", None, area="north") is None
    with pytest.raises(AccessDenied):
        desk(["north"], "two", "two", area="south")


def test_an_owner_who_is_nobody_is_refused(desk: Callable[..., Any]) -> None:
    for owner in (999, "nobody"):
        with pytest.raises(ValidationFailed) as told:
            desk(["all"], "two", owner)
        assert set(told.value.errors) == {"owner"}

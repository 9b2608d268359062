from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound
from yuanke.records import Query, Records
from yuanke.storage import Installation

OFFICE = """
module: office
label: 办公
version: 1.0.0
roles: {own: {}, team: {}, dept: {}, all: {}, north: {}, viewer: {}, shy: {}, noexport: {}, keeper: {}}
entities:
  paper:
    label: 文件
    fields:
      name: text!
      area: {options: [north, south]}
      secret: text
      remark: {type: text, label: 备注}
    scopes: {north: area == north, marked: name in me.roles}
    permissions:
      own: {read: own, create: own, update: own}
      team: {read: team}
      dept: {read: department}
      all: {read: all, export: all, update: all}
      north: {read: north, update: north, create: north, fields: {secret: hidden}}
      shy: {read: own, fields: {"*": hidden, name: read}}
      noexport: {read: all, deny: [export]}
      keeper: {read: [own, north]}
  note:
    fields: {paper: {link: paper!}, text: text!}
    permissions: {own: {read: via paper, create: true}, north: {read: via paper}, all: {read: all}}
  stamp:
    append_only: true
    fields: {text: text!}
    permissions: {own: {read: all, create: true, update: all, delete: all}, all: {read: all, export: all}}
"""


class Office:
    """大 boss over mid over low; 左 and 右 in two departments of one; papers of each."""

    def __init__(self, installation: Installation, at: Enterprise) -> None:
        self.installation, self.at = installation, at
        self.ids: dict[str, int] = {}
        with installation.unit(at, write=True) as unit:
            root = people.create_user(unit, username="root", name="root", roles=["admin"])
            door = Records(unit, actor_of(unit, root, "api"))
            top = door.create("department", {"name": "总部"}).id
            left, right = (door.create("department", {"name": n, "parent": top}).id for n in ("左", "右"))
            rows = [("boss", top, None), ("mid", left, "boss"), ("low", left, "mid"), ("side", right, None)]
            for name, department, manager in rows:
                self.ids[name] = people.create_user(
                    unit, username=name, name=name, roles=[], department=department, manager=self.ids.get(manager or "")
                )
            for name in self.ids:
                door.create(
                    "paper",
                    {
                        "name": name,
                        "owner": self.ids[name],
                        "area": "north" if name in ("mid", "side") else "south",
                        "secret": f"s-{name}",
                    },
                )
            for record in door.list("paper", Query(fields=("name",))).records:
                door.create("note", {"paper": record.id, "text": record.values["name"]})

    @contextmanager
    def as_(self, name: str, *roles: str, write: bool = False) -> Iterator[Records]:
        with self.installation.unit(self.at, write=True) as unit:
            people.set_roles(unit, self.ids[name], roles)
        with self.installation.unit(self.at, write=write) as unit:
            yield Records(unit, actor_of(unit, self.ids[name], "api"))


@pytest.fixture
def office(installation: Installation, enterprise: Callable[..., Enterprise]) -> Office:
    return Office(installation, enterprise(OFFICE))


def _names(door: Records, entity: str = "paper", key: str = "name") -> set[str]:
    return {r.values[key] for r in door.list(entity, Query(fields=(key,))).records}


@pytest.mark.parametrize(
    ("who", "role", "seen"),
    [
        ("mid", "own", {"mid"}), ("mid", "team", {"mid", "low"}), ("boss", "team", {"boss", "mid", "low"}), ("low", "team", {"low"}),
        ("mid", "dept", {"mid", "low"}), ("boss", "dept", {"boss", "mid", "low", "side"}), ("side", "dept", {"side"}), ("low", "all", {"boss", "mid", "low", "side"}),
        ("low", "north", {"mid", "side"}), ("low", "keeper", {"low", "mid", "side"}),
    ],
)  # fmt: skip
def test_a_scope_shows_its_rows_and_no_other(office: Office, who: str, role: str, seen: set[str]) -> None:
    with office.as_(who, role) as door:
        assert _names(door) == seen


def test_a_row_follows_the_record_it_is_seen_through(office: Office) -> None:
    with office.as_("mid", "own") as door:
        assert _names(door, "note", "text") == {"mid"}
    with office.as_("low", "north") as door:
        assert _names(door, "note", "text") == {"mid", "side"}


def test_without_a_role_there_is_nothing(office: Office) -> None:
    with office.as_("mid") as door:
        with pytest.raises(AccessDenied) as denied:
            door.list("paper")
        assert "没有" in str(denied.value.said)
        with pytest.raises(RecordNotFound):
            door.get("paper", 1)


def test_a_change_of_manager_counts_on_the_next_unit(office: Office) -> None:
    with office.installation.unit(office.at, write=True) as unit:
        root = Records(unit, actor_of(unit, 1, "api"))
        root.update("user", office.ids["side"], {"manager": office.ids["mid"]})
    with office.as_("mid", "team") as door:
        assert _names(door) == {"mid", "low", "side"}


def test_roles_add_up_row_by_row(office: Office) -> None:
    """north sees two rows without the secret, own sees one with it: the secret of the other row stays hidden."""
    with office.as_("mid", "own", "north") as door:
        shown = {
            r.values["name"]: r.values["secret"] for r in door.list("paper", Query(fields=("name", "secret"))).records
        }
        assert shown == {"mid": "s-mid", "side": None}
        assert [
            r.values["name"] for r in door.list("paper", Query(filter="secret == 's-side'", fields=("name",))).records
        ] == []
        assert [r.values["name"] for r in door.list("paper", Query(sort=("secret",), fields=("name",))).records] == [
            "mid",
            "side",
        ]


def test_all_fields_but_named_ones_may_be_hidden(office: Office) -> None:
    with office.as_("mid", "shy") as door:
        record = door.list("paper", Query()).records[0]
        assert record.values["name"] == "mid" and not {"secret", "remark", "area"} & set(
            door.get("paper", record.id).values
        )
        with pytest.raises(QueryFault):
            door.list("paper", Query(fields=("remark",)))


def test_a_denied_verb_is_not_given_back_by_another_role(office: Office) -> None:
    with office.as_("low", "all", "noexport") as door:
        assert not door.may("paper", "export") and door.may("paper", "read")
    with office.as_("low", "all") as door:
        assert door.may("paper", "export")


def test_a_row_may_not_be_moved_out_of_ones_own_rights(office: Office) -> None:
    with office.as_("mid", "north", write=True) as door:
        mine = next(r for r in door.list("paper", Query(fields=("name",))).records if r.values["name"] == "mid")
        with pytest.raises(AccessDenied):
            door.update("paper", mine.id, {"area": "south"})
    with office.as_("mid", "north", write=True) as door, pytest.raises(AccessDenied):
        door.create("paper", {"name": "new", "area": "south"})


def test_colleagues_names_are_open_and_their_other_fields_are_not(office: Office) -> None:
    with office.as_("low", "own") as door:
        people_seen = door.list("user", Query(fields=("name",))).records
        assert {"boss", "side"} <= {r.values["name"] for r in people_seen}
        with pytest.raises(QueryFault):
            door.list("user", Query(fields=("mobile",)))


def test_what_is_only_added_to_is_not_changed_and_an_administrator_does_not_write_logs(office: Office) -> None:
    with office.as_("mid", "own", write=True) as door:
        stamp = door.create("stamp", {"text": "一"}).id
        for change in (lambda: door.update("stamp", stamp, {"text": "二"}), lambda: door.delete("stamp", stamp)):
            with pytest.raises(AccessDenied):
                change()
    with office.as_("mid", "admin", write=True) as door:
        assert door.get("stamp", stamp).values["text"] == "一"
        assert door.grant("stamp", "export").allowed and not door.grant("stamp", "create").allowed
        for verb in ("create", "import", "update", "delete", "restore"):
            assert not door.grant("login_log", verb).allowed, verb
        with pytest.raises(AccessDenied):
            door.create("login_log", {"username": "nobody", "at": "2026-01-01T00:00:00Z"})


def test_a_readonly_account_writes_nothing(office: Office) -> None:
    with office.installation.unit(office.at, write=True) as unit:
        Records(unit, actor_of(unit, 1, "api")).update("user", office.ids["mid"], {"kind": "readonly"})
    with office.as_("mid", "own", write=True) as door, pytest.raises(AccessDenied):
        door.create("paper", {"name": "x"})


def test_an_actor_of_another_enterprise_is_nobody_here(office: Office, enterprise: Any) -> None:
    other = enterprise(OFFICE, slug="other")
    with office.installation.unit(office.at) as unit:
        stranger = actor_of(unit, 1, "api")
    with office.installation.unit(other) as unit, pytest.raises((AccessDenied, RecordNotFound)):
        Records(unit, stranger).list("paper")


@pytest.mark.parametrize("dialect", ["sqlite"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    roles=st.sets(st.sampled_from(["own", "team", "dept", "all", "north", "shy", "keeper"]), min_size=1),
    who=st.sampled_from(["boss", "mid", "low", "side"]),
)
def test_what_is_seen_is_exactly_what_one_of_the_policies_gives(office: Office, roles: set[str], who: str) -> None:
    """allowed(field, row) = some role whose scope holds the row shows the field."""
    alone = {}
    for role in roles:
        with office.as_(who, role) as door:
            alone[role] = {
                r.values["name"]: set(door.get("paper", r.id).values)
                for r in door.list("paper", Query(fields=("name",))).records
            }
    wanted: dict[str, set[str]] = {}
    for rows in alone.values():
        for name, fields in rows.items():
            wanted.setdefault(name, set()).update(fields)
    with office.as_(who, *roles) as door:
        seen = {}
        for r in door.list("paper", Query(fields=("name",))).records:
            values = door.get("paper", r.id).values
            # a field that another role of his shows in other rows is there, but empty here
            seen[r.values["name"]] = {k for k, v in values.items() if v is not None or k in wanted[r.values["name"]]}
    assert seen == wanted

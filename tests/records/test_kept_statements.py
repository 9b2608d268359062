"""Lists and records asked again and again: each answer is the one that holds now, for the one who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from yuanke.access import people
from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.records import Query, Records

from tests.records.conftest import Company

NOTES = """
roles: {worker: 员工, chief: 主管}
entities:
  note:
    fields:
      title: text!
      due: date
      late: {type: bool, formula: due < today()}
      home: {type: text}
    scopes: {same_home: home == me.home}
    views: {list: {columns: [title, due, late], filters: {mine: owner == me, overdue: due < today()}}}
    permissions:
      worker: {read: team, create: own, update: own}
      chief: {read: same_home, create: true}
  user: {fields: {home: text}}
"""


@pytest.fixture
def office(installation: Any, enterprise: Callable[..., Any]) -> Company:
    return Company(installation, enterprise(NOTES), {"lin": ["worker"], "wu": ["worker"], "qin": ["chief"]})


def titles(company: Company, name: str, query: Query = Query()) -> list[str]:
    with company.as_(name, write=False) as door:
        return [record.values["title"] for record in door.list("note", query).records]


def test_each_sees_his_own_under_one_text(office: Company) -> None:
    for name in ("lin", "wu"):
        with office.as_(name) as door:
            door.create("note", {"title": f"of {name}"})
    for _ in range(2):
        assert titles(office, "lin") == ["of lin"]
        assert titles(office, "wu") == ["of wu"]
        assert titles(office, "lin", Query(view="mine")) == ["of lin"]
        assert titles(office, "wu", Query(view="mine")) == ["of wu"]


def test_a_new_manager_sees_his_people_at_once_and_no_longer_than_he_is(office: Company) -> None:
    with office.as_("lin") as door:
        made = door.create("note", {"title": "of lin"}).id
    assert titles(office, "wu") == []
    for manager, seen in ((office.ids["wu"], ["of lin"]), (None, [])):
        with office.installation.unit(office.at, write=True) as unit:
            Records(unit, engine_of(office.actor(unit, "wu"))).update("user", office.ids["lin"], {"manager": manager})
            found = Records(unit, office.actor(unit, "wu")).list("note").records
            assert [record.values["title"] for record in found] == seen, "in the unit that changed it"
        assert titles(office, "wu") == seen
        with office.as_("wu", write=False) as door:
            if seen:
                assert door.get("note", made).values["title"] == "of lin"
            else:
                with pytest.raises(RecordNotFound):
                    door.get("note", made)


def test_the_field_of_a_user_that_a_scope_reads_is_read_each_time(office: Company) -> None:
    with office.as_("lin") as door:
        door.create("note", {"title": "north", "home": "n"})
        door.create("note", {"title": "south", "home": "s"})
    for home, seen in (("n", ["north"]), ("s", ["south"]), ("x", [])):
        with office.installation.unit(office.at, write=True) as unit:
            table = unit.tables["user"]
            unit.execute(table.update().where(table.c.id == office.ids["qin"]).values(home=home))
        assert titles(office, "qin") == seen


def test_what_is_late_today_is_late_from_today_on(office: Company) -> None:
    with office.as_("lin") as door:
        door.create("note", {"title": "a", "due": "2026-03-05"})
    asked = Query(view="overdue", fields=("title", "late"))
    for day, late in ((5, False), (6, True), (5, False)):
        with clock.stopped(datetime(2026, 3, day, 4, tzinfo=UTC)), office.as_("lin", write=False) as door:
            assert [r.values["late"] for r in door.list("note", asked).records] == [True] * late
            assert door.list("note", Query(fields=("late",))).records[0].values["late"] is late


def test_a_role_that_is_taken_away_takes_its_rows_along(office: Company) -> None:
    with office.as_("lin") as door:
        door.create("note", {"title": "a"})
    assert titles(office, "lin") == ["a"]
    with office.installation.unit(office.at, write=True) as unit:
        people.set_roles(unit, office.ids["lin"], [])
    with office.as_("lin", write=False) as door, pytest.raises(AccessDenied):
        door.list("note")


def test_pages_follow_each_other_whatever_is_empty(office: Company) -> None:
    with office.as_("lin") as door:
        for due in ("2026-01-01", None, "2026-01-02", None, "2026-01-03"):
            door.create("note", {"title": due or "-", "due": due})
    for _ in range(2):
        seen, after = [], None
        while True:
            with office.as_("lin", write=False) as door:
                page = door.list("note", Query(sort=("due",), limit=1, after=after))
            seen += [r.values["title"] for r in page.records]
            after = page.next
            if after is None:
                break
        assert seen == ["2026-01-01", "2026-01-02", "2026-01-03", "-", "-"]

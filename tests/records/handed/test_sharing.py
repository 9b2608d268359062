"""Sharing: who sees what by whose leave, until when, and that nobody gives more than he has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Query
from yuanke.records.sharing import share, shares_of, unshare
from yuanke.storage import Installation

from tests.records.conftest import Company

CLUB = """
module: club
label: 俱乐部
version: 1.0.0
roles: {chief: {label: 主管}, seller: {label: 销售}, desk: {label: 前台}}
entities:
  member:
    label: 会员
    number: HY{seq:4}
    title: name
    features:
      share: {levels: [read, write], with: {visits: {label: 来访, where: not closed, default: true}, notes: true}}
    fields:
      name: {type: text!, label: 名称}
      secret: {type: text, label: 内情}
    permissions:
      chief: {read: team, create: true, update: team, share: team}
      seller: {read: [own, shared], create: true, update: [own, shared], delete: own, share: own}
      desk: {read: shared, fields: {secret: hidden}}
  visit:
    label: 来访
    fields:
      member: {link: member!, inverse: visits}
      topic: text
      closed: {type: bool, default: false}
    permissions:
      seller: {read: [own, shared], create: true, update: [own, shared]}
      desk: {read: shared}
  note:
    label: 便条
    fields: {member: {link: member!, inverse: notes}, text: text}
    permissions: {seller: {read: [own, shared], create: true, update: own}}
"""
ROLES = {
    "admin": ["admin"], "chief": ["chief"], "ann": ["seller"], "bob": ["seller"], "cat": ["seller"], "desk": ["desk"],
}  # fmt: skip


@pytest.fixture
def club(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(CLUB), ROLES)


def seen_by(club: Company, name: str, entity: str = "member") -> set[int]:
    with club.as_(name, write=False) as door:
        return {record.id for record in door.list(entity, Query(limit=500)).records}


def make(club: Company, who: str, entity: str, **values: Any) -> int:
    with club.as_(who) as door:
        return door.create(entity, values).id


def sharing(club: Company, name: str, ids: list[int], to: list[dict[str, Any]], **more: Any) -> Any:
    with club.as_(name) as door:
        return share(door.unit, door.actor, door.entity("member"), ids, to, **more)


def changing(club: Company, name: str, record_id: int) -> None:
    with club.as_(name) as door:
        door.update("member", record_id, {"name": "改过"})


def test_what_is_shared_for_reading_is_read_and_not_changed(club: Company) -> None:
    one, other = make(club, "ann", "member", name="甲"), make(club, "ann", "member", name="乙")
    assert seen_by(club, "bob") == set()
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}])
    assert seen_by(club, "bob") == {one} and other not in seen_by(club, "bob")
    with pytest.raises(AccessDenied):
        changing(club, "bob", one)
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}], level="write")
    changing(club, "bob", one)
    with pytest.raises(RecordNotFound):
        changing(club, "bob", other)


def test_a_share_ends_with_its_day_and_when_it_is_taken_back(club: Company) -> None:
    one = make(club, "ann", "member", name="甲")
    with clock.stopped(datetime(2026, 3, 1, 2)):
        sharing(club, "ann", [one], [{"user": club.ids["bob"]}], expires=date(2026, 3, 2))
        assert seen_by(club, "bob") == {one}
    with clock.stopped(datetime(2026, 3, 2, 15, 59)):  # 23:59 in Shanghai
        assert seen_by(club, "bob") == {one}
    with clock.stopped(datetime(2026, 3, 2, 16)):
        assert seen_by(club, "bob") == set()
    with clock.stopped(datetime(2026, 3, 1, 3)), club.as_("ann") as door:
        assert unshare(door.unit, door.actor, door.entity("member"), [one]) == 1
    with clock.stopped(datetime(2026, 3, 1, 4)):
        assert seen_by(club, "bob") == set()


def test_departments_reach_their_people_and_those_below_and_roles_their_holders(club: Company) -> None:
    with club.as_("admin") as door:
        sales = door.create("department", {"name": "销售部"}).id
        first = door.create("department", {"name": "一组", "parent": sales}).id
        door.update("user", club.ids["bob"], {"department": first})
        door.update("user", club.ids["cat"], {"extra_departments": [sales]})
    one, two = make(club, "ann", "member", name="甲"), make(club, "ann", "member", name="乙")
    sharing(club, "ann", [one], [{"department": sales}])
    assert seen_by(club, "bob") == {one} == seen_by(club, "cat") and seen_by(club, "desk") == set()
    sharing(club, "ann", [two], [{"department": first}])
    assert seen_by(club, "bob") == {one, two} and seen_by(club, "cat") == {one}
    sharing(club, "ann", [two], [{"role": "desk"}])
    assert seen_by(club, "desk") == {two}
    with club.as_("desk", write=False) as door:
        assert "secret" not in door.get("member", two).values


def test_what_is_declared_goes_along_and_ends_with_it(club: Company) -> None:
    one = make(club, "ann", "member", name="甲")
    open_, shut = make(club, "ann", "visit", member=one), make(club, "ann", "visit", member=one, closed=True)
    note = make(club, "ann", "note", member=one)
    his = make(club, "admin", "visit", member=one)  # ann does not see it, so she does not share it
    done = sharing(club, "ann", [one], [{"user": club.ids["bob"]}], level="write")
    assert (done.records, done.shares) == (1, 3)
    assert seen_by(club, "bob", "visit") == {open_} and seen_by(club, "bob", "note") == {note}
    assert {shut, his}.isdisjoint(seen_by(club, "bob", "visit"))
    with club.as_("ann") as door:
        assert unshare(door.unit, door.actor, door.entity("member"), [one]) == 1
    assert seen_by(club, "bob", "visit") == set() == seen_by(club, "bob", "note")
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}], with_=[])
    assert seen_by(club, "bob") == {one} and seen_by(club, "bob", "visit") == set()


def test_nobody_gives_more_than_he_has(club: Company) -> None:
    one = make(club, "ann", "member", name="甲")
    with pytest.raises(RecordNotFound):
        sharing(club, "bob", [one], [{"user": club.ids["cat"]}])
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}])
    with pytest.raises(AccessDenied):  # he reads it, and may share his own only
        sharing(club, "bob", [one], [{"user": club.ids["cat"]}])
    with pytest.raises(AccessDenied):  # no role of his shares
        sharing(club, "desk", [one], [{"user": club.ids["cat"]}])
    assert seen_by(club, "cat") == set()


def test_one_hidden_record_among_many_hides_them_all(club: Company) -> None:
    mine = [make(club, "ann", "member", name=f"会员{n}") for n in range(9)]
    hidden = make(club, "bob", "member", name="他的")
    with pytest.raises(RecordNotFound):
        sharing(club, "ann", [*mine, hidden], [{"user": club.ids["cat"]}])
    assert seen_by(club, "cat") == set()


@pytest.mark.parametrize(
    ("to", "more", "field"),
    [
        ([], {}, "to"),
        ([{"user": 10_000}], {}, "to.0"),
        ([{"department": 10_000}], {}, "to.0"),
        ([{"role": "nobody"}], {}, "to.0"),
        ([{"user": 1, "role": "desk"}], {}, "to.0"),
        ([{"role": "desk"}], {"level": "own"}, "level"),
        ([{"role": "desk"}], {"expires": date(2000, 1, 1)}, "expires"),
        ([{"role": "desk"}], {"with_": ["members"]}, "with"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(club: Company, to: list[Any], more: dict[str, Any], field: str) -> None:
    one = make(club, "ann", "member", name="甲")
    with pytest.raises(ValidationFailed) as refused:
        sharing(club, "ann", [one], to, **more)
    assert set(refused.value.errors) == {field}


def test_a_share_again_changes_the_one_that_stands(club: Company) -> None:
    one = make(club, "ann", "member", name="甲")
    bob = [{"user": club.ids["bob"]}]
    sharing(club, "ann", [one], bob, expires=date(2100, 1, 1))
    sharing(club, "ann", [one], bob, level="write")
    with club.as_("ann", write=False) as door:
        (standing,) = shares_of(door.unit, door.actor, door.entity("member"), one)
        assert (standing["level"], standing["expires"], standing["user"]) == ("write", None, club.ids["bob"])
        assert [entry.verb for entry in door.history("member", one)][:2] == ["share", "share"]
    with club.as_("desk", write=False) as door, pytest.raises(AccessDenied):
        shares_of(door.unit, door.actor, door.entity("member"), one)

"""Sharing: who sees what by whose leave, until when, and that nobody gives more than he has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records.sharing import share, shares_of, unshare

from tests.records.handed.world import World


def sharing(club: World, name: str, ids: list[int], to: list[dict[str, Any]], **more: Any) -> Any:
    with club.as_(name) as door:
        return share(door.unit, door.actor, door.entity("member"), ids, to, **more)


def changing(club: World, name: str, record_id: int) -> None:
    with club.as_(name) as door:
        door.update("member", record_id, {"name": "改过"})


def test_what_is_shared_for_reading_is_read_and_not_changed(club: World) -> None:
    one, other = club.make("ann", "member", name="甲"), club.make("ann", "member", name="乙")
    assert club.seen("bob", "member") == set()
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}])
    assert club.seen("bob", "member") == {one} and other not in club.seen("bob", "member")
    with pytest.raises(AccessDenied):
        changing(club, "bob", one)
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}], level="write")
    changing(club, "bob", one)
    with pytest.raises(RecordNotFound):
        changing(club, "bob", other)


def test_a_share_ends_with_its_day_and_when_it_is_taken_back(club: World) -> None:
    one = club.make("ann", "member", name="甲")
    with clock.stopped(datetime(2026, 3, 1, 2)):
        sharing(club, "ann", [one], [{"user": club.ids["bob"]}], expires=date(2026, 3, 2))
        assert club.seen("bob", "member") == {one}
    with clock.stopped(datetime(2026, 3, 2, 15, 59)):  # 23:59 in Shanghai
        assert club.seen("bob", "member") == {one}
    with clock.stopped(datetime(2026, 3, 2, 16)):
        assert club.seen("bob", "member") == set()
    with clock.stopped(datetime(2026, 3, 1, 3)), club.as_("ann") as door:
        assert unshare(door.unit, door.actor, door.entity("member"), [one]) == 1
    with clock.stopped(datetime(2026, 3, 1, 4)):
        assert club.seen("bob", "member") == set()


def test_departments_reach_their_people_and_those_below_and_roles_their_holders(club: World) -> None:
    with club.as_("admin") as door:
        sales = door.create("department", {"name": "销售部"}).id
        first = door.create("department", {"name": "一组", "parent": sales}).id
        door.update("user", club.ids["bob"], {"department": first})
        door.update("user", club.ids["cat"], {"extra_departments": [sales]})
    one, two = club.make("ann", "member", name="甲"), club.make("ann", "member", name="乙")
    sharing(club, "ann", [one], [{"department": sales}])
    assert club.seen("bob", "member") == {one} == club.seen("cat", "member") and club.seen("desk", "member") == set()
    sharing(club, "ann", [two], [{"department": first}])
    assert club.seen("bob", "member") == {one, two} and club.seen("cat", "member") == {one}
    sharing(club, "ann", [two], [{"role": "desk"}])
    assert club.seen("desk", "member") == {two}
    with club.as_("desk", write=False) as door:
        assert "secret" not in door.get("member", two).values


def test_what_is_declared_goes_along_and_ends_with_it(club: World) -> None:
    one = club.make("ann", "member", name="甲")
    open_, shut = club.make("ann", "visit", member=one), club.make("ann", "visit", member=one, closed=True)
    note = club.make("ann", "note", member=one)
    his = club.make("admin", "visit", member=one)  # ann does not see it, so she does not share it
    done = sharing(club, "ann", [one], [{"user": club.ids["bob"]}], level="write")
    assert (done.records, done.shares) == (1, 3)
    assert club.seen("bob", "visit") == {open_} and club.seen("bob", "note") == {note}
    assert {shut, his}.isdisjoint(club.seen("bob", "visit"))
    with club.as_("ann") as door:
        assert unshare(door.unit, door.actor, door.entity("member"), [one]) == 1
    assert club.seen("bob", "visit") == set() == club.seen("bob", "note")
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}], with_=[])
    assert club.seen("bob", "member") == {one} and club.seen("bob", "visit") == set()


def test_nobody_gives_more_than_he_has(club: World) -> None:
    one = club.make("ann", "member", name="甲")
    with pytest.raises(RecordNotFound):
        sharing(club, "bob", [one], [{"user": club.ids["cat"]}])
    sharing(club, "ann", [one], [{"user": club.ids["bob"]}])
    with pytest.raises(AccessDenied):  # he reads it, and may share his own only
        sharing(club, "bob", [one], [{"user": club.ids["cat"]}])
    with pytest.raises(AccessDenied):  # no role of his shares
        sharing(club, "desk", [one], [{"user": club.ids["cat"]}])
    assert club.seen("cat", "member") == set()


def test_one_hidden_record_among_many_hides_them_all(club: World) -> None:
    mine = [club.make("ann", "member", name=f"会员{n}") for n in range(9)]
    hidden = club.make("bob", "member", name="他的")
    with pytest.raises(RecordNotFound):
        sharing(club, "ann", [*mine, hidden], [{"user": club.ids["cat"]}])
    assert club.seen("cat", "member") == set()


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
def test_what_cannot_be_is_told_at_its_place(club: World, to: list[Any], more: dict[str, Any], field: str) -> None:
    one = club.make("ann", "member", name="甲")
    with pytest.raises(ValidationFailed) as refused:
        sharing(club, "ann", [one], to, **more)
    assert set(refused.value.errors) == {field}


def test_a_share_again_changes_the_one_that_stands(club: World) -> None:
    one = club.make("ann", "member", name="甲")
    bob = [{"user": club.ids["bob"]}]
    sharing(club, "ann", [one], bob, expires=date(2100, 1, 1))
    sharing(club, "ann", [one], bob, level="write")
    with club.as_("ann", write=False) as door:
        (standing,) = shares_of(door.unit, door.actor, door.entity("member"), one)
        assert (standing["level"], standing["expires"], standing["user"]) == ("write", None, club.ids["bob"])
        assert [entry.verb for entry in door.history("member", one)][:2] == ["share", "share"]
    with club.as_("desk", write=False) as door, pytest.raises(AccessDenied):
        shares_of(door.unit, door.actor, door.entity("member"), one)

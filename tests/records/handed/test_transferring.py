"""Transfers: who gets what, what follows, what stays, and how long it can be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records.transferring import Transferred, belongings, hand_over, transfer
from yuanke.records.undoing import Undone, undo

from tests.records.handed.world import World


def moving(world: World, ids: list[int], to: str, who: str = "chief", **more: Any) -> Transferred:
    with world.as_(who) as door:
        return transfer(door.unit, door.actor, door.entity("firm"), ids, world.ids[to], **more)


def undoing(world: World, set_id: int | None, who: str = "chief") -> Undone:
    assert set_id is not None
    with world.as_(who) as door:
        return undo(door.unit, door.actor, set_id)


def owners(world: World, entity: str, *ids: int) -> list[str]:
    names = {number: name for name, number in world.ids.items()}
    return [names[world.values(entity, one)["owner"].id] for one in ids]


@pytest.fixture
def firms(world: World) -> dict[str, Any]:
    """B19: three firms of ann with what hangs on them."""
    k1, k2, k3 = (world.make("ann", "firm", name=name) for name in ("甲", "乙", "丙"))
    with world.as_("admin") as door:
        door.update("firm", k3, {"sealed": True})
    return {
        "k1": k1, "k2": k2, "k3": k3,
        "people": [world.make("ann", "person", firm=k1, name=name) for name in ("张", "王")],
        "other": world.make("ann", "person", firm=k2, name="李"),
        "open": world.make("ann", "visit", firm=k1, topic="待办"),
        "done": world.make("ann", "visit", firm=k1, topic="做完了", state="done"),
        "deal": world.make("ann", "deal", firm=k1),
        "won": world.make("ann", "deal", firm=k1, state="won"),
    }  # fmt: skip


def test_what_is_declared_follows_and_what_is_closed_stays(world: World, firms: dict[str, Any]) -> None:
    k1, k2, k3 = firms["k1"], firms["k2"], firms["k3"]
    done = moving(world, [k1, k2, k3], "bob", with_=["people", "visits", "deals"], gently=True)
    assert done.moved == {k1: {"people": 2, "visits": 1, "deals": 1}, k2: {"people": 1}}
    assert [one.id for one in done.failed] == [k3] and "已封存" in done.failed[0].error.said.say()  # type: ignore[union-attr]
    assert owners(world, "firm", k1, k2, k3) == ["bob", "bob", "ann"]
    assert owners(world, "person", *firms["people"], firms["other"]) == ["bob", "bob", "bob"]
    assert owners(world, "visit", firms["open"], firms["done"]) == ["bob", "ann"]
    assert owners(world, "deal", firms["deal"], firms["won"]) == ["bob", "ann"]
    assert k1 not in world.seen("ann", "firm") and k3 in world.seen("ann", "firm")
    with world.as_("chief", write=False) as door:
        assert door.history("firm", k1)[0].verb == "transfer"
        (logged,) = door.list("change_set").records
        details = door.get("change_set", logged.id).values["details"]
        assert details["moved"][f"firm:{k1}"] == {"from": world.ids["ann"], "people": 2, "visits": 1, "deals": 1}


def test_by_default_those_follow_that_say_so_and_colleagues_keep_theirs(world: World, firms: dict[str, Any]) -> None:
    with world.as_("admin") as door:
        his = door.create("visit", {"firm": firms["k1"], "topic": "bob 的", "owner": world.ids["bob"]}).id
    moving(world, [firms["k1"]], "chief")
    assert owners(world, "person", *firms["people"]) == ["chief", "chief"]
    assert owners(world, "deal", firms["deal"]) == ["ann"] and owners(world, "visit", his) == ["bob"]


def test_undone_the_next_day_but_not_what_the_new_owner_worked_on(world: World, firms: dict[str, Any]) -> None:
    k1, k2 = firms["k1"], firms["k2"]
    day = datetime(2026, 3, 1, 2)
    with clock.stopped(day):
        done = moving(world, [k1, k2], "bob", with_=["people"])
    with clock.stopped(day + timedelta(hours=5)), world.as_("bob") as door:
        door.update("firm", k1, {"remark": "已联系"})
    with clock.stopped(day + timedelta(days=1)):
        back = undoing(world, done.change_set)
    assert owners(world, "firm", k1, k2) == ["bob", "ann"]
    assert owners(world, "person", *firms["people"], firms["other"]) == ["bob", "bob", "ann"]
    assert {(one.entity, one.id) for one in back.left} == {("firm", k1), *(("person", p) for p in firms["people"])}
    with pytest.raises(Refused):
        undoing(world, done.change_set)


def test_the_time_to_undo_ends(world: World, firms: dict[str, Any]) -> None:
    day = datetime(2026, 3, 1, 2)
    with clock.stopped(day):
        done = moving(world, [firms["k2"]], "bob")
    with clock.stopped(day + timedelta(days=7, seconds=1)), pytest.raises(Refused):
        undoing(world, done.change_set)
    with clock.stopped(day + timedelta(days=7)):
        assert undoing(world, done.change_set).left == []


def test_rights_decide_and_hidden_records_hide_all(world: World, firms: dict[str, Any]) -> None:
    mine = [world.make("ann", "firm", name=f"第{n}") for n in range(9)]
    hidden = world.make("admin", "firm", name="看不到")
    before = world.tables()
    with pytest.raises(AccessDenied):  # a seller has no right to transfer, not even his own
        moving(world, mine, "bob", who="ann")
    with pytest.raises(RecordNotFound):
        moving(world, [*mine, hidden], "bob")
    with pytest.raises(ValidationFailed), world.as_("chief") as door:
        transfer(door.unit, door.actor, door.entity("firm"), mine, 10_000)
    with pytest.raises(ValidationFailed):
        moving(world, mine, "bob", with_=["nothing"])
    with pytest.raises(Refused):
        moving(world, [firms["k3"]], "bob")
    with world.as_("chief", write=False) as door, pytest.raises(RecordNotFound):
        transfer(door.unit, door.actor, door.entity("person"), [firms["other"]], world.ids["bob"])
    assert world.tables() == before


def test_an_owner_is_changed_by_transfer_alone_where_that_is_a_right(world: World, firms: dict[str, Any]) -> None:
    with world.as_("ann") as door, pytest.raises(ValidationFailed) as refused:
        door.update("firm", firms["k1"], {"owner": world.ids["bob"]})
    assert set(refused.value.errors) == {"owner"}
    with world.as_("chief") as door:
        door.update("firm", firms["k1"], {"owner": world.ids["bob"]})
    assert owners(world, "firm", firms["k1"]) == ["bob"]


def test_the_old_owner_may_keep_reading(world: World, firms: dict[str, Any]) -> None:
    k2 = firms["k2"]
    done = moving(world, [k2], "bob", keep="read")
    assert k2 in world.seen("ann", "firm")
    with world.as_("ann") as door, pytest.raises(AccessDenied):
        door.update("firm", k2, {"remark": "x"})
    undoing(world, done.change_set)
    with world.as_("ann") as door:
        door.update("firm", k2, {"remark": "wieder meins"})


def test_who_leaves_hands_over_what_runs(world: World, firms: dict[str, Any]) -> None:
    ann = world.ids["ann"]
    with world.as_("admin", write=False) as door:
        held = {one.entity.key: (one.running, one.closed) for one in belongings(door.unit, ann)}
    assert held == {"firm": (3, 0), "person": (3, 0), "visit": (1, 1), "deal": (1, 1)}
    with world.as_("admin") as door, pytest.raises(ValidationFailed):
        door.update("user", ann, {"status": "left"})
    with world.as_("chief") as door, pytest.raises(AccessDenied):
        hand_over(door.unit, door.actor, ann, world.ids["bob"])
    with world.as_("admin") as door:
        done = hand_over(door.unit, door.actor, ann, world.ids["bob"], reason="离职交接")
        door.update("user", ann, {"status": "left"})
    assert done.moved == {"firm": 3, "person": 3, "visit": 1, "deal": 1}
    assert owners(world, "firm", firms["k3"]) == ["bob"]  # sealed, and handed over all the same
    assert owners(world, "deal", firms["deal"], firms["won"]) == ["bob", "ann"]
    with pytest.raises(RecordNotFound):
        undoing(world, done.change_set)
    undoing(world, done.change_set, who="admin")
    assert owners(world, "firm", firms["k1"], firms["k2"]) == ["ann", "ann"]

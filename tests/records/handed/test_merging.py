"""Merging: what led to two leads to one, nothing is lost on the way, and undoing brings back two."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import LinkValue, Query
from yuanke.records.merging import Merged, led_on, merge, preview
from yuanke.records.undoing import Undone, undo

from tests.records.handed.world import World


def merging(world: World, keep: int, lose: int | list[int], who: str = "chief", **choices: Any) -> Merged:
    with world.as_(who) as door:
        return merge(door.unit, door.actor, door.entity("firm"), keep, lose, choices)


def undoing(world: World, set_id: int, who: str = "chief") -> Undone:
    with world.as_(who) as door:
        return undo(door.unit, door.actor, set_id)


@pytest.fixture
def two(world: World) -> tuple[int, int]:
    """上海蓝天 twice: B18's figures, with everything that may hang on a record."""
    a = world.make(
        "ann", "firm", name="上海蓝天科技有限公司", tags=["重点", "上海"], sites=[{"place": "浦东", "size": 3}]
    )
    b = world.make("bob", "firm", name="上海蓝天科技", tel="021 6888 0000", tags=["老客户"], code="B-1", sites=[{"place": "嘉定", "size": 2}])  # fmt: skip
    with world.as_("admin") as door:
        door.update("firm", b, {"secret": "低价"})
    for who, firm, people in (
        ("ann", a, [("王强", "13800138000"), ("李娜", None)]),
        ("bob", b, [("王强", "+86 138-0013-8000"), ("赵六", "13900139000"), ("孙七", None)]),
    ):
        for name, mobile in people:
            world.make(who, "person", firm=firm, name=name, mobile=mobile)
        world.make(who, "deal", firm=firm, lines=[{"maker": firm, "amount": "57000.00" if firm == a else "12500.50"}])
        world.make(who, "payment", firm=firm, amount="47100.00" if firm == a else "12500.50")
    for n in range(5):
        world.make("ann", "visit", firm=a, about=f"firm:{a}", topic=f"甲{n}")
    for n in range(4):
        world.make("bob", "visit", firm=b, about=f"firm:{b}", topic=f"乙{n}")
    return a, b


def figures(world: World, firm: int) -> tuple[Any, ...]:
    values = world.values("firm", firm)
    with world.as_("admin", write=False) as door:
        hang = {
            name: door.related("firm", firm, name, Query(limit=1, fields=("id",), count="exact")).count
            for name in ("people", "visits", "deals")
        }
    return values["deal_sum"], values["paid"], hang["people"], hang["visits"], hang["deals"]


def test_two_become_one_with_all_that_hung_on_both(world: World, two: tuple[int, int]) -> None:
    a, b = two
    done = merging(world, a, b, tel=b)
    assert figures(world, a) == (Decimal("69500.50"), Decimal("59600.50"), 4, 9, 2)
    values = world.values("firm", a)
    assert values["name"] == "上海蓝天科技有限公司" and values["tel"] == "021 6888 0000" and values["code"] == "B-1"
    assert values["tags"] == ["重点", "上海", "老客户"] and values["secret"] == "低价"
    assert [row.values["place"] for row in values["sites"]] == ["浦东", "嘉定"] and values["space"] == 5
    assert values["spoken"] == 9
    with world.as_("chief", write=False) as door:
        assert [r.id for r in door.list("firm", Query(limit=50)).records] == [a]
        with pytest.raises(RecordNotFound):
            door.get("firm", b)
        assert led_on(door.unit, "firm", b) == a and led_on(door.unit, "firm", a) is None
        makers = {r.values["lines"][0].values["maker"].id for r in door.list("deal", Query(fields=("lines",))).records}
        assert makers == {a}
        abouts = {r.values["about"] for r in door.list("visit", Query(fields=("about",), limit=50)).records}
        assert {(one.entity, one.id) for one in abouts} == {("firm", a)}
        assert door.history("firm", a)[0].verb == "merge"
        assert {entry.verb for entry in door.history("deal", door.list("deal").records[0].id)} >= {"create"}
    assert done.moved["visit"] >= 4 and done.moved["deal"] == 1


def test_undone_there_are_two_again_and_what_came_later_stays(world: World, two: tuple[int, int]) -> None:
    a, b = two
    done = merging(world, a, b, tel=b)
    moved = next(r for r in _people(world, a) if r.values["name"] == "赵六")
    with world.as_("chief") as door:
        door.update("person", moved.id, {"note": "之后改的"})
    world.make("chief", "deal", firm=a, lines=[{"amount": "1000.00"}])
    back = undoing(world, done.change_set)
    assert figures(world, a)[0:4:2] == (Decimal("58000.00"), 2) and figures(world, a)[3:] == (5, 2)
    assert figures(world, b) == (Decimal("12500.50"), Decimal("12500.50"), 3, 4, 1)
    assert world.values("person", moved.id)["note"] == "之后改的" and back.left == []
    a_values, b_values = world.values("firm", a), world.values("firm", b)
    assert a_values["tel"] is None and a_values["tags"] == ["重点", "上海"] and a_values["code"] is None
    assert b_values["code"] == "B-1" and [row.values["place"] for row in b_values["sites"]] == ["嘉定"]
    with world.as_("chief", write=False) as door:
        assert led_on(door.unit, "firm", b) is None
    with pytest.raises(Refused):
        undoing(world, done.change_set)


def _people(world: World, firm: int) -> list[Any]:
    with world.as_("admin", write=False) as door:
        return door.related("firm", firm, "people", Query(fields=("name", "mobile"))).records


def test_what_may_not_be_merged_is_refused_and_leaves_everything(world: World, two: tuple[int, int]) -> None:
    a, b = two
    before = world.tables()
    with pytest.raises(ValidationFailed):
        merging(world, a, a)
    with pytest.raises(RecordNotFound):
        merging(world, a, 10_000)
    with pytest.raises(AccessDenied):
        merging(world, a, b, who="eve")
    with pytest.raises(ValidationFailed) as refused:
        merging(world, a, b, nothing=a, tel=10_000, name="both")
    assert set(refused.value.errors) == {"choices.nothing", "choices.tel", "choices.name"}
    assert world.tables() == before
    with world.as_("admin") as door:
        door.update("firm", b, {"sealed": True})
    before = world.tables()
    with pytest.raises(Refused) as sealed:
        merging(world, a, b)
    assert "已封存" in sealed.value.said.say() and world.tables() == before


def test_the_preview_says_what_the_merge_does(world: World, two: tuple[int, int]) -> None:
    a, b = two
    with world.as_("chief", write=False) as door:
        shown = preview(door.unit, door.actor, door.entity("firm"), [a, b])
        taken = {choice.field.key: choice.taken for choice in shown.choices}
        assert taken["name"] == a and taken["tel"] == b and taken["tags"] == "both" and taken["sites"] == "both"
        assert {label.zh: counts for label, counts in shown.hangs}["来访"] == {a: 5, b: 4}
        assert [titles for _label, *titles in shown.same] == [["王强", "王强"]] and shown.refused == {}


def test_links_between_the_two_do_not_lead_to_themselves(world: World) -> None:
    top = world.make("ann", "firm", name="集团")
    lost = world.make("ann", "firm", name="甲一", parent=top)
    keep = world.make("ann", "firm", name="甲二", parent=lost)
    child = world.make("ann", "firm", name="丙", parent=lost)
    done = merging(world, keep, lost)
    assert world.values("firm", keep)["parent"] == LinkValue(top, "集团")
    assert world.values("firm", child)["parent"].id == keep
    undoing(world, done.change_set)
    assert world.values("firm", keep)["parent"].id == lost and world.values("firm", child)["parent"].id == lost


def test_a_tree_stays_a_tree(world: World) -> None:
    lost = world.make("ann", "firm", name="甲一")
    between = world.make("ann", "firm", name="中间", parent=lost)
    keep = world.make("ann", "firm", name="甲二", parent=between)
    before = world.tables()
    with pytest.raises(Refused):
        merging(world, keep, lost)
    assert world.tables() == before


def test_what_lies_in_the_bin_is_led_over_too(world: World) -> None:
    keep, lost = world.make("ann", "firm", name="甲"), world.make("ann", "firm", name="乙")
    deal = world.make("ann", "deal", firm=lost, lines=[])
    with world.as_("ann") as door:
        door.delete("deal", deal)
    done = merging(world, keep, lost)
    with world.as_("ann") as door:
        assert door.restore("deal", deal).values["firm"].id == keep
    with world.as_("ann") as door:
        door.delete("deal", deal)
    undoing(world, done.change_set)
    with world.as_("ann") as door:
        assert door.restore("deal", deal).values["firm"].id == lost


def test_many_to_many_links_favourites_and_comments_follow(world: World) -> None:
    keep, lost = world.make("ann", "firm", name="甲"), world.make("ann", "firm", name="乙")
    label, both = world.make("ann", "label", name="重点"), world.make("ann", "label", name="共有")
    with world.as_("ann") as door:
        door.update("firm", lost, {"labels": [label, both]})
        door.update("firm", keep, {"labels": [both]})
        for firm in (keep, lost):
            door.create("favourite", {"entity": "firm", "record": firm, "label": "x"})
            door.create("comment", {"entity": "firm", "record": firm, "body": f"关于 {firm}"})
    before = world.tables(NOISE)
    done = merging(world, keep, lost)
    assert [one.id for one in world.values("firm", keep)["labels"]] == [both, label]
    with world.as_("ann", write=False) as door:
        assert [r.values["record"] for r in door.list("favourite", Query(fields=("record",))).records] == [keep]
        assert {r.values["record"] for r in door.list("comment", Query(fields=("record",))).records} == {keep}
    undoing(world, done.change_set)
    assert difference(before, world.tables(NOISE)) == {}


#: what a merge and its undoing may leave: stamps, and the traces of both
NOISE = frozenset({"version", "updated_at", "updated_by"})
TRACES = {"yk_history", "change_set", "sqlite_sequence", "yk_search", "yk_search_fts_data", "yk_search_fts_docsize", "yk_search_fts_idx", "yk_search_fts_config", "yk_search_fts", "yk_normal", "message", "yk_followed", "yk_job"}  # fmt: skip


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, Any]:
    return {
        name: (sorted(set(before[name]) - set(after[name])), sorted(set(after[name]) - set(before[name])))
        for name in before
        if name not in TRACES and before[name] != after[name]
    }


def test_merged_and_undone_every_table_is_as_it_was(world: World, two: tuple[int, int]) -> None:
    a, b = two
    before = world.tables(NOISE)
    undoing(world, merging(world, a, b, tel=b, name=b).change_set)
    assert difference(before, world.tables(NOISE)) == {}

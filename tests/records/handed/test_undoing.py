"""Change sets taken back: imports and edits of many, what was touched since, once only."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from yuanke import jobs
from yuanke.exchange import kinds
from yuanke.exchange.mapping import from_plain
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused
from yuanke.records.undoing import Undone, recorded, undo
from yuanke.records.undoing import job as undoing_job

from tests.records.handed.world import World


def edited(world: World, ids: list[int], values: dict[str, Any], who: str = "chief", **more: Any) -> int:
    with world.as_(who) as door, recorded(door.unit, door.actor, "bulk", "firm", **more) as held:
        door.batch("firm", update=[{"id": one, **values} for one in ids])
        return held.id


def undoing(world: World, set_id: int, who: str = "chief") -> Undone:
    with world.as_(who) as door:
        return undo(door.unit, door.actor, set_id)


def test_values_go_back_where_they_still_stand(world: World) -> None:
    one, two, three = (world.make("ann", "firm", name=name, remark="旧") for name in "甲乙丙")
    held = edited(world, [one, two, three], {"remark": "新", "tags": ["批量"]})
    with world.as_("ann") as door:
        door.update("firm", two, {"remark": "自己写的"})
        door.delete("firm", three)
    back = undoing(world, held)
    assert world.values("firm", one)["remark"] == "旧" and world.values("firm", one)["tags"] is None
    assert world.values("firm", two)["remark"] == "自己写的" and world.values("firm", two)["tags"] is None
    assert {(left.id, left.fields) for left in back.left} == {(two, ("remark",)), (three, ())}
    with pytest.raises(Refused):
        undoing(world, held)
    with world.as_("chief", write=False) as door:
        kept = door.get("change_set", held).values
        assert kept["undone_by"].id == world.ids["chief"] and len(kept["details"]["left"]) == 2
        assert door.history("firm", one)[0].verb == "undo"


def test_refuse_undoes_nothing_when_something_moved_on(world: World) -> None:
    one, two = world.make("ann", "firm", name="甲"), world.make("ann", "firm", name="乙")
    held = edited(world, [one, two], {"remark": "新"}, changed="refuse")
    with world.as_("ann") as door:
        door.update("firm", two, {"remark": "自己写的"})
    before = world.tables()
    with pytest.raises(Refused) as refused:
        undoing(world, held)
    assert refused.value.extra["left"] == [{"entity": "firm", "id": two}] and world.tables() == before


def test_rows_and_many_to_many_links_go_back(world: World) -> None:
    a, b = world.make("ann", "label", name="甲"), world.make("ann", "label", name="乙")
    firm = world.make(
        "ann", "firm", name="丙", labels=[a], sites=[{"place": "一", "size": 1}, {"place": "二", "size": 2}]
    )
    first, second = (row.id for row in world.values("firm", firm)["sites"])
    change = [{"id": first, "size": 5}, {"id": second, "deleted": True}, {"place": "三", "size": 7}]
    held = edited(world, [firm], {"labels": [b], "sites": change})
    assert world.values("firm", firm)["space"] == 12
    undoing(world, held)
    values = world.values("firm", firm)
    assert [(row.id, row.values["place"], row.values["size"]) for row in values["sites"]] == [
        (first, "一", 1),
        (second, "二", 2),
    ]
    assert values["space"] == 3 and [one.id for one in values["labels"]] == [a]


def test_only_who_sees_a_set_and_has_its_right_may_undo_it(world: World) -> None:
    one = world.make("ann", "firm", name="甲", remark="旧")
    held = edited(world, [one], {"remark": "新"}, who="ann")
    with pytest.raises(RecordNotFound):
        undoing(world, held, "bob")
    with pytest.raises(RecordNotFound):
        undoing(world, held, "eve")
    undoing(world, held, "chief")  # the manager of ann
    assert world.values("firm", one)["remark"] == "旧"
    mine = edited(world, [one], {"remark": "新"}, who="ann")
    with world.as_("admin") as door:
        door.update("user", world.ids["ann"], {"roles": ["reader"]})
    with pytest.raises(AccessDenied):
        undoing(world, mine, "ann")


def test_what_changed_nothing_leaves_no_set(world: World) -> None:
    one = world.make("ann", "firm", name="甲", remark="旧")
    with world.as_("ann") as door:
        with recorded(door.unit, door.actor, "bulk", "firm") as held:
            held.begin()
            door.update("firm", one, {"remark": "旧"})
        assert door.list("change_set").records == []


def test_a_set_inside_another_joins_it(world: World) -> None:
    one = world.make("ann", "firm", name="甲")
    with world.as_("ann") as door, recorded(door.unit, door.actor, "act", "firm") as outer:
        with recorded(door.unit, door.actor, "bulk", "firm") as inner:
            door.update("firm", one, {"remark": "新"})
        assert inner is outer
    assert len(world.seen("ann", "change_set")) == 1


# -- imports ------------------------------------------------------------------------------------------------------------

HEAD = ["名称", "电话", "备注", "规模"]
MAPPING = {"entity": "firm", "columns": {"name": "名称", "tel": "电话", "remark": "备注"}}


def bring(
    world: World, rows: list[list[str]], key: Any = "@duplicates", dry: bool = False, who: str = "admin"
) -> jobs.Job:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEAD, *rows])
    with world.installation.unit(world.at, write=True) as unit:
        file = unit.files.put(io.BytesIO(text.getvalue().encode()), "main.csv", world.ids[who], largest=1 << 20).id
        mapping = from_plain({**MAPPING, "file": "main.csv", "key": key})
        job = kinds.start_import(unit, world.actor(unit, who), mapping, {"main.csv": file}, dry)
    return finished(world, job)


def finished(world: World, job: int) -> jobs.Job:
    jobs.run_pending(world.installation, world.at)
    with world.installation.unit(world.at) as unit:
        return jobs.find(unit, Actor(world.at.slug, None, engine=True), job)


def counts(job: jobs.Job) -> tuple[int, ...]:
    assert job.state == "done", job.error
    return tuple(job.result[key] for key in ("created", "updated", "failed"))


B32 = [
    ["杭州全新贸易有限公司", "", "新的", ""],
    ["上海蓝天（科技）有限公司", "", "同名", ""],
    ["写法不同", "+86 138 0013 8000", "同号", ""],
    ["", "", "没有名称", ""],
    ["杭州 全新贸易", "", "重复的", ""],
]


def test_an_import_matches_by_the_duplicate_rules(world: World) -> None:
    named = world.make("ann", "firm", name="上海蓝天(科技)股份有限公司", remark="旧一")
    phoned = world.make("ann", "firm", name="电话相同", tel="13800138000", remark="旧二")
    before = world.seen("admin", "firm")
    assert counts(bring(world, B32, dry=True)) == (1, 3, 1) and world.seen("admin", "firm") == before
    done = bring(world, B32)
    assert counts(done) == (1, 3, 1)
    (new,) = world.seen("admin", "firm") - before
    assert world.values("firm", new)["remark"] == "重复的"
    assert world.values("firm", named)["remark"] == "同名" and world.values("firm", phoned)["remark"] == "同号"
    assert world.values("firm", phoned)["name"] == "写法不同"
    back = undoing(world, done.result["change_set"], "admin")
    assert world.seen("admin", "firm") == before and back.left == []
    assert world.values("firm", named)["remark"] == "旧一"
    assert (world.values("firm", phoned)["name"], world.values("firm", phoned)["remark"]) == ("电话相同", "旧二")


def test_an_import_finds_by_normal_form_and_refuses_what_it_cannot_tell(world: World) -> None:
    one = world.make("ann", "firm", name="上海蓝天科技有限公司")
    assert counts(bring(world, [["上海 蓝天科技", "", "改过", ""]], key="name")) == (0, 1, 0)
    assert world.values("firm", one)["remark"] == "改过"
    world.make("ann", "firm", name="上海蓝天科技")
    assert counts(bring(world, [["上海蓝天科技公司", "", "哪一条", ""]], key="name")) == (0, 0, 1)


def test_what_somebody_worked_with_stays(world: World) -> None:
    done = bring(world, [[f"第{n}家", "", "", ""] for n in range(5)])
    ids = sorted(world.seen("admin", "firm"))
    with world.as_("admin") as door:
        door.update("firm", ids[0], {"remark": "改过"})
        door.create("person", {"firm": ids[1], "name": "张"})
        door.create("comment", {"entity": "firm", "record": ids[2], "body": "有人说话"})
        door.delete("firm", ids[3])
    back = undoing(world, done.result["change_set"], "admin")
    assert {left.id for left in back.left} == {ids[0], ids[1], ids[2]} and back.binned == 1
    assert world.seen("admin", "firm") == set(ids[:3])


def test_a_large_import_is_undone_by_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing_job, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(undoing_job, "CHUNK", 7)
    standing = world.make("ann", "firm", name="早就在")
    done = bring(world, [[f"第{n}家", "", "", ""] for n in range(30)] + [["早就在", "", "导入的", ""]])
    with world.as_("admin") as door:
        job = undoing_job.undo_or_queue(door.unit, door.actor, done.result["change_set"])
    assert isinstance(job, int)
    with pytest.raises(Refused):
        undoing(world, done.result["change_set"], "admin")
    told = finished(world, job)
    assert told.state == "done" and told.result["records"] == 31 and told.result["left"] == 0
    assert world.seen("admin", "firm") == {standing} and world.values("firm", standing)["remark"] is None

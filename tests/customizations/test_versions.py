"""Every change can be looked back at and taken back, and what was in its fields returns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.customizations.conftest import field
from tests.served import Caller

BOTH = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
MOOD = field("mood", {"type": "text", "label": "心情"})


def test_a_change_is_kept_with_its_author_its_reason_and_what_it_did(root, change) -> None:
    change(MOOD, "销售部要求")
    newest, first = root.get("/customizations/versions").json["result"]
    assert (newest["version"], newest["kind"], newest["reason"], newest["by"]["name"]) == (
        2,
        "change",
        "销售部要求",
        "Root",
    )
    assert "「便签」增加字段「心情」" in [step["said"] for step in newest["steps"]]
    assert (first["version"], first["kind"], first["by"]) == (1, "start", None)
    one = root.get("/customizations/versions/2").json
    assert one["overlay"] == MOOD and one["since"] == []
    assert [d["path"] for d in one["differences"]] == [
        "entities.note.fields.mood.type", "entities.note.fields.mood.label"
    ]  # fmt: skip
    english = root.get("/customizations/versions/2", headers={"Accept-Language": "en"}).json
    assert any("adds the field" in step["said"].lower() or "mood" in step["said"].lower() for step in english["steps"])


@BOTH
def test_taken_back_and_forth_the_values_are_there_again(root, change, caller) -> None:
    change(MOOD)
    made = caller("lin").post("/records/note", {"title": "x", "mood": "gut"}).json
    planned = root.post("/customizations/rollback/plan", {"version": 1})
    assert [(s["kind"], s["rows"]) for s in planned.json["steps"] if s["kind"] == "retire_field"] == [
        ("retire_field", 1)
    ]
    back = root.post(
        "/customizations/rollback", {"version": 1, "digest": planned.json["digest"], "reason": "doch nicht"}
    )
    assert back.status_code == 200, back.text
    assert root.get("/customizations").json == {}
    assert "mood" not in root.get(f"/records/note/{made['id']}").json
    forth = root.post("/customizations/rollback", {"version": 2})
    assert forth.status_code == 200, forth.text
    assert root.get(f"/records/note/{made['id']}").json["mood"] == "gut"
    kinds = [(v["kind"], v["reason"]) for v in root.get("/customizations/versions").json["result"]]
    assert kinds == [("rollback", None), ("rollback", "doch nicht"), ("change", None), ("start", None)]


@BOTH
def test_a_kind_of_value_that_is_taken_back_returns_every_value_nobody_touched(root, change) -> None:
    change(field("size", {"type": "text", "label": "规模"}))
    ids = [root.post("/records/note", {"title": t, "size": t}).json["id"] for t in ("12", "很大", "3.50", "7")]
    change(field("size", {"type": "integer", "label": "规模"}))
    assert [root.get(f"/records/note/{i}").json["size"] for i in ids] == [12, None, None, 7]
    root.patch(f"/records/note/{ids[3]}", {"size": 8})
    assert root.post("/customizations/rollback", {"version": 2}).status_code == 200
    assert [root.get(f"/records/note/{i}").json["size"] for i in ids] == ["12", "很大", "3.50", "8"]


def test_who_comes_second_is_refused_and_told_what_the_first_one_changed(root, change, unchanged_by_refusal) -> None:
    mine = root.post("/customizations/plan", MOOD).json
    change(field("weather", "text"), "war schneller")
    late = root.post(f"/customizations/apply?digest={mine['digest']}&version={mine['version']}", MOOD)
    assert late.status_code == 409
    (told,) = late.json["changes"]
    assert (told["reason"], told["by"]["name"]) == ("war schneller", "Root")
    assert told["differences"] == [{"path": "entities.note.fields.weather", "now": "text"}]
    unchanged_by_refusal({"weather"})


@pytest.fixture
def unchanged_by_refusal(root: Caller) -> Callable[[set[str]], None]:
    def check(expected: set[str]) -> None:
        assert root.get("/customizations").json["entities"]["note"]["fields"].keys() == expected

    return check


def test_a_version_that_is_not_there_and_somebody_who_may_not(root, caller, unchanged) -> None:
    assert root.get("/customizations/versions/99").status_code == 404
    assert root.post("/customizations/rollback", {"version": 99}).status_code == 404
    assert root.post("/customizations/rollback", {"version": "1"}).status_code == 422
    for path in ("/customizations/versions", "/customizations/versions/1", "/customizations/drafts"):
        assert caller("qin").get(path).status_code == 403
    assert caller("qin").post("/customizations/rollback", {"version": 1}).status_code == 403


def test_what_is_taken_away_says_where_it_is_named(root, change) -> None:
    change(
        {
            "entities": {
                "note": {
                    "fields": {
                        "size": {"type": "integer", "label": "规模"},
                        "twice": {"type": "integer", "label": "两倍", "formula": "size * 2"},
                        "state": {"label": "状态", "options": {"a": "甲", "b": "乙"}},
                        "why": {"type": "text", "label": "原因", "visible_when": "state == b"},
                    },
                    "views": {"list": {"columns": ["title", "size"], "filters": {"open": "state == a"}}},
                }
            }
        }
    )
    gone = {"entities": {"note": {"fields": {"size": {"retired": True}, "twice": {"formula": "3"}}}}}
    steps = root.post("/customizations/plan?merge=1", gone).json["steps"]
    (used,) = [step["used"] for step in steps if step["kind"] == "retire_field"]
    assert [(use["kind"], use["address"]) for use in used] == [
        ("formula", "entities.note.fields.twice.formula"), ("view", "entities.note.views.list")
    ]  # fmt: skip
    assert used[0]["label"] == "「便签」的公式「两倍」"
    gone = {"entities": {"note": {"fields": {"state": {"options": {"b": {"retired": True}}}}}}}
    steps = root.post("/customizations/plan?merge=1", gone).json["steps"]
    (used,) = [step["used"] for step in steps if step["kind"] == "option_retired"]
    assert [use["address"] for use in used] == ["entities.note.fields.why.visible_when"]


def test_comments_and_ways_of_writing_survive_what_screens_change(root) -> None:
    text = (
        "# why we have this\nentities:\n  note:\n    fields:\n      mood: {type: text, label: 心情}   # asked by sales\n"
        "      # kept in order\n      size: {type: integer, label: '规模'}\n"
    )
    sent = {"data": text.encode(), "content_type": "application/yaml"}
    assert root.post("/customizations/apply", **sent).status_code == 200
    assert root.get("/customizations?format=yaml").text == text
    assert root.post("/customizations/apply?merge=1", field("mood", {"label": "感觉"})).status_code == 200
    assert root.post("/customizations/apply?merge=1", field("fax", {"type": "text"})).status_code == 200
    changed = root.get("/customizations?format=yaml").text
    assert changed == text.replace("心情", "感觉") + "      fax: {type: text}\n"
    wrong = {"data": b"entities:\n  note:\n    fields: {mood: {type: txet}\n", "content_type": "application/yaml"}
    assert root.post("/customizations/plan", **wrong).status_code == 422

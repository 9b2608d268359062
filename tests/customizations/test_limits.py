"""What cannot be is refused early, in words that say what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customizations.conftest import field
from tests.customizations.test_versions import BOTH


def faults(root: Any, overlay: dict[str, Any]) -> str:
    answer = root.post("/customizations/plan?merge=1", overlay)
    assert answer.status_code == 422, answer.text
    return " ".join(error["message"] for error in answer.json["errors"])


@BOTH
def test_three_hundred_fields_of_ones_own_and_no_more(root, change) -> None:
    change({"entities": {"note": {"fields": {f"f{n}": "text" for n in range(300)}}}})
    more = field("one_more", "text")
    (step,) = [s for s in root.post("/customizations/plan?merge=1", more).json["steps"] if s["blocked"]]
    assert "300" in step["blocked"] and "301" in step["blocked"]
    refused = root.post("/customizations/apply?merge=1", more)
    assert refused.status_code == 409 and "300" in refused.json["detail"]
    assert root.post("/customizations/apply?merge=1", field("f1", {"label": "一"})).status_code == 200


@BOTH
@pytest.mark.parametrize(
    "name", ["select", "table", "ctid", "xmin", "tableoid", "rowid", "oid", "order", "user", "value"]
)
def test_words_of_sql_are_names_like_others_or_refused(root, name: str) -> None:
    applied = root.post("/customizations/apply?merge=1", field(name, "text"))
    if applied.status_code == 422:
        assert name in applied.text
        return
    assert applied.status_code == 200, applied.text
    made = root.post("/records/note", {"title": "x", name: "y"}).json
    assert made[name] == "y"
    assert root.get(f"/records/note?filter={name} == 'y'").json["count"] == 1


@pytest.mark.parametrize("name", ["id", "version", "owner", "__class__", "_sa_instance", 'a"; drop', "x" * 61, "😀", "Größe", "class", "deleted_at", "me", ""])  # fmt: skip
def test_names_that_cannot_be_are_refused_with_the_reason(root, unchanged, name: str) -> None:
    assert faults(root, field(name, "text"))
    assert faults(root, {"entities": {name: {"label": "x", "fields": {"a": "text"}}}}) if name not in ("id", "version", "owner", "deleted_at") else True  # fmt: skip


def test_formulas_that_wait_for_each_other_name_the_circle(root, unchanged) -> None:
    ring = {"a": {"type": "number", "formula": "b + 1"}, "b": {"type": "number", "formula": "a + 1"}}
    answer = root.post("/customizations/plan?merge=1", {"entities": {"note": {"fields": ring}}})
    assert answer.status_code == 422
    assert any(error["code"] == "E402" for error in answer.json["errors"]), answer.json


@BOTH
def test_a_new_required_field_needs_a_default_where_records_are(root, change) -> None:
    root.post("/records/note", {"title": "x"})
    wanted = field("mood", {"type": "text!", "label": "心情"})
    refused = root.post("/customizations/apply?merge=1", wanted)
    assert refused.status_code == 409 and "default" in refused.json["detail"] and "1 条" in refused.json["detail"]
    assert root.post("/customizations/apply?merge=1&fresh=note.mood", wanted).status_code == 200
    change(field("weather", {"type": "text!", "label": "天气", "default": "晴"}))
    assert root.get("/records/note").status_code == 200
    assert root.get("/records/note/1").json["weather"] == "晴"


def test_a_narrower_rule_shows_the_rows_that_do_not_fit(root, change) -> None:
    change({"entities": {"note": {"fields": {"size": {"type": "integer", "label": "规模"}, "code": {"type": "text", "label": "代码"}}}}})  # fmt: skip
    for size, code in ((1, "AB-1"), (50, "x"), (None, "很长的代码")):
        root.post("/records/note", {"title": f"t{size}", "size": size, "code": code})
    narrow = {"size": {"max": 10, "required": True}, "code": {"pattern": "[A-Z]{2}-[0-9]", "length": 4}}
    steps = root.post("/customizations/plan?merge=1", {"entities": {"note": {"fields": narrow}}}).json["steps"]
    told = {(s["field"], s["rows"], tuple(s["samples"])) for s in steps if s["kind"] == "field" and s["rows"]}
    assert told == {
        ("size", 1, ("50",)), ("size", 1, ("tNone",)), ("code", 2, ("x", "很长的代码")), ("code", 1, ("很长的代码",))
    }  # fmt: skip

"""The designer's own parts: the form as a role would see it, conditions judged, rules of who may write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke.records import Query

from tests.screens.changing import changing, head, take_back
from tests.screens.conftest import Site, Visitor, texts
from tests.screens.html import dialog_form

HERE = "/settings/customize/deal"
MOOD = {
    "entities": {
        "deal": {
            "fields": {"mood": {"label": "心情", "options": {"good": "好", "bad": "不好"}, "default": "good"}},
            "views": {"form": {"sections": {"其他": ["mood", "note"]}}},
            "permissions": {"sales": {"fields": {"mood": "read", "place": "hidden"}}},
        }
    }
}


def preview(root: Visitor, role: str = "", overlay: dict[str, Any] = MOOD) -> str:
    answer = root.client.get(f"{HERE}/preview", query_string={"role": role, "overlay": json.dumps(overlay)})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_form_is_drawn_as_each_role_would_see_it_and_nothing_is_stored(
    site: Site, as_: Callable[[str], Visitor]
) -> None:
    root, at = as_("root"), head(site)
    boss, sales = preview(root, "boss"), preview(root, "sales")
    assert 'name="mood"' in boss and 'name="place"' in boss and 'name="margin"' in boss
    assert "心情" in sales and 'name="mood"' not in sales, "it may only read it"
    assert 'name="place"' not in sales and 'name="margin"' not in sales
    assert "不能新建" in preview(root, "guest")
    assert 'name="mood"' in preview(root), "the administrator sees all"
    assert head(site) == at and "心情" not in root.get("/records/deal/new").text


def test_what_is_wrong_stands_in_its_place(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    wrong = {"entities": {"deal": {"fields": {"mood": {"type": "text", "visible_when": "nix > 1"}}}}}
    assert "nix" in texts(preview(root, "boss", wrong)) and "<form" not in preview(root, "boss", wrong)
    assert root.client.get(f"{HERE}/preview", query_string={"role": "nix", "overlay": "{}"}).status_code == 404
    assert root.client.get(f"{HERE}/preview", query_string={"overlay": "[}"}).status_code == 422
    assert as_("mo").get(f"{HERE}/preview?overlay=%7B%7D").status_code == 403


@pytest.fixture
def clean(site: Site) -> Iterator[None]:
    yield
    take_back(site)


@pytest.mark.parametrize(("said", "shown"), [("new", "new"), (False, "false"), ("stage == open", "stage == open")])
def test_the_designer_knows_when_a_field_may_be_written(
    site: Site, as_: Callable[[str], Visitor], clean: None, said: Any, shown: str
) -> None:
    changing(site, {"entities": {"deal": {"fields": {"note": {"editable": said}}}}})
    design = design_of(as_("root"))
    told = {field["key"]: field["editable"] for field in design["fields"]}
    assert (told["note"], told["subject"], told["total"]) == (shown, "", None)


def design_of(root: Visitor) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(root.get(HERE).text.split('id="yk-design">')[1].split("</script>")[0])
    return found


def test_each_value_says_where_it_comes_from_and_what_the_enterprise_said_is_reset(
    site: Site, as_: Callable[[str], Visitor], clean: None
) -> None:
    body = {
        "fields": {"note": {"label": "旁注"}, "mood": {"type": "text"}},
        "views": {"list": {"columns": ["subject"]}},
    }
    changing(site, {"entities": {"deal": body}})
    root = as_("root")
    design = design_of(root)
    said = {
        key: {o["label"]: o for o in root.get(f"{HERE}/origins?field={key}").json["origins"]}
        for key in ("note", "mood")
    }
    assert root.get(f"{HERE}/origins?field=nix").json == {"origins": []}
    assert (said["note"]["类型"]["from"], said["note"]["类型"]["path"]) == ("模块 世界", None)
    own = said["note"]["名称"]
    assert (own["value"], own["from"], own["path"]) == ("旁注", "本企业", ["fields", "note", "label"])
    assert said["mood"]["类型"]["path"] is None, "nothing stands beneath a field that was made here"
    assert design["own_layouts"] == ["list"]
    for path in (own["path"], ["views", "list"]):
        form = dialog_form(root.post(f"{HERE}/reset", {"path": json.dumps(path)}, htmx=True).text)
        assert form.action == f"{HERE}/reset/apply"
        assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == HERE
    after = design_of(root)
    labels = {f["key"]: f["label"] for f in after["fields"]}
    assert labels["note"] == "备注" and "mood" in labels and after["own_layouts"] == [] and "number" in after["columns"]


@pytest.mark.parametrize("path", ["", "[]", "{}", "[1]", '["fields", "nix"]', '["fields", "note", "label"]'])
def test_what_the_enterprise_did_not_say_is_not_reset(as_: Callable[[str], Visitor], path: str) -> None:
    for at in ("reset", "reset/apply"):
        assert as_("root").post(f"{HERE}/{at}", {"path": path}, htmx=True).status_code == 404
    assert as_("mo").post(f"{HERE}/reset", {"path": path}, htmx=True).status_code == 403


def test_a_formula_that_is_typed_says_what_it_gives_for_a_record(site: Site, as_: Callable[[str], Visitor]) -> None:
    root = as_("root")

    def check(expression: str, **more: str) -> dict[str, Any]:
        asked = {"entity": "deal", "expression": expression, **more}
        found: dict[str, Any] = root.client.get("/settings/customize/check", query_string=asked).json
        return found

    newest = site.door("root", lambda r: r.list("deal", Query(sort=("-id",), limit=1))).records[0]
    made = site.get("deal", newest.id, "root")
    assert check("id + 1000")["sample"] == f"例如 {made.title}：{newest.id + 1000:,}"
    assert check("sum(lines.count * lines.price) + 1")["sample"].startswith(f"例如 {made.title}：")
    assert check("nix + 1")["ok"] is False and check("nix + 1")["sample"] is None
    assert check("stage == open", expect="bool")["sample"].endswith(("是", "否"))


def test_completion_knows_fields_what_lies_beyond_links_options_and_functions(as_: Callable[[str], Visitor]) -> None:
    names = as_("root").get("/settings/customize/names?entity=deal").json
    fields = {f["name"]: f for f in names["fields"]}
    assert (fields["place"]["label"], fields["place"]["entity"], fields["lines"]["entity"]) == (
        "地点",
        "place",
        "deal_lines",
    )
    assert {"name": "won", "label": "成交"} in fields["stage"]["options"]
    assert {"sum", "today", "round"} <= {f["name"] for f in names["functions"]}
    assert as_("root").get("/settings/customize/names?entity=nix").status_code == 404
    assert as_("mo").get("/settings/customize/names?entity=deal").status_code == 403

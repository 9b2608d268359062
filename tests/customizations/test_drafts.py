"""Several changes are collected, seen by their author alone as if they ran, and applied together."""

from __future__ import annotations

import pytest
from yuanke.web import drafts

from tests.customizations.conftest import field
from tests.customizations.test_versions import BOTH, MOOD
from tests.served import Caller, browser


@pytest.fixture
def draft(root: Caller) -> int:
    overlay = {
        "entities": {
            "note": {
                "label": "札记",
                "fields": {
                    "mood": {"type": "text", "label": "心情"},
                    "double": {"type": "money", "label": "两倍", "formula": "amount * 2"},
                    "level": {"options": {"top": {"label": "最高"}}},
                },
                "views": {"list": {"columns": ["title", "mood", "double"]}},
            },
            "shelf": {
                "label": "书架",
                "fields": {"name": "text!", "note": {"link": "note", "label": "便签"}},
                "permissions": {"clerk": {"read": "all"}},
            },
        }
    }
    made = root.post("/customizations/drafts", {"title": "新想法", "overlay": overlay})
    assert made.status_code == 201, made.text
    return made.json["id"]


@BOTH
def test_its_author_reads_records_as_they_would_be_and_nothing_is_touched(
    root, caller, draft, installation, notes
) -> None:
    one = root.post("/records/note", {"title": "x", "amount": "12.50"}).json["id"]
    seen = root.get(f"/records/note/{one}?draft={draft}")
    assert seen.status_code == 200, seen.text
    assert (seen.json["mood"], seen.json["double"], seen.json["amount"]) == (None, "25.00", "12.50")
    assert root.get(f"/records/note?filter=double > 20&draft={draft}").json["count"] == 1
    assert root.get(f"/records/shelf?draft={draft}").json["result"] == []
    fields = {f["key"] for f in root.get(f"/metadata/note?draft={draft}").json["fields"]}
    assert {"mood", "double"} <= fields
    for _ in range(2):  # nothing of it is remembered for others
        assert "mood" not in root.get(f"/records/note/{one}").json
        assert root.get("/records/shelf").status_code == 404
        assert caller("lin").get("/records/note").status_code == 200
    with installation.unit(notes) as unit:
        assert unit.head.meta_version == 1


def test_a_draft_is_its_authors_alone(root, caller, draft, staff, notes) -> None:
    staff(notes, "zoe", "admin")
    zoe = caller("zoe")
    assert zoe.get("/customizations/drafts").json["result"] == []
    for path in (f"/customizations/drafts/{draft}", f"/records/note?draft={draft}"):
        assert zoe.get(path).status_code == 404
    assert caller("qin").get(f"/records/note?draft={draft}").status_code == 403
    assert root.get("/records/note?draft=x").status_code == 400
    assert root.post(f"/records/note?draft={draft}", {"title": "y"}).status_code == 409


def test_pages_show_the_draft_to_its_author_until_he_leaves(app, root, draft) -> None:
    mine, other = browser(app, "acme", "root"), browser(app, "acme", "lin")
    for client, path, expected in (
        (mine, f"/records/note?draft={draft}", True), (mine, "/records/note", False), (other, "/records/note", False),
        (mine, f"/records/note?draft={draft}", True), (mine, f"/records/note/new?draft={draft}", True),
    ):  # fmt: skip
        page = client.get(path)
        assert page.status_code == 200
        assert ("心情" in page.text) is expected, path


def test_a_browser_that_entered_a_draft_sees_it_everywhere_and_saves_nothing(app, root, draft) -> None:
    client = browser(app, "acme", "root")
    with client.session_transaction() as session:
        session[drafts.PARAMETER] = draft
    assert "心情" in client.get("/records/note").text and client.get("/records/shelf").status_code == 200
    saved = client.post("/records/note/new", data={"title": "y"}, headers={"X-CSRF-Token": client.token})
    assert saved.status_code == 409
    root.delete(f"/customizations/drafts/{draft}")
    assert "心情" not in client.get("/records/note").text


def test_it_is_planned_changed_and_applied_like_any_other_change(root, draft) -> None:
    at = f"/customizations/drafts/{draft}"
    changed = root.patch(f"{at}?merge=1", {"overlay": field("weather", "text"), "title": "Neu"}).json
    assert changed["title"] == "Neu" and "entities.note.fields.weather" in [d["path"] for d in changed["differences"]]
    planned = root.post(f"{at}/plan", {}).json
    assert {"create_table", "add_column", "option_added"} <= {step["kind"] for step in planned["steps"]}
    done = root.post(f"{at}/apply", {"digest": planned["digest"]})
    assert done.status_code == 200, done.text
    assert root.get("/records/shelf").status_code == 200
    assert root.get("/customizations/versions").json["result"][0]["reason"] == "Neu"
    assert root.get(at).status_code == 404


def test_what_others_changed_meanwhile_is_laid_together_and_asked_where_it_disagrees(root, draft, change) -> None:
    change({"entities": {"note": {"label": "记事", "fields": {"weather": {"type": "text", "label": "天气"}}}}})
    at = f"/customizations/drafts/{draft}"
    asked = root.post(f"{at}/plan", {})
    assert asked.status_code == 409
    assert asked.json["conflicts"] == [{"path": "entities.note.label", "mine": "札记", "theirs": "记事"}]
    assert root.post(f"{at}/plan", {"choices": {"entities.note.label": "both"}}).status_code == 422
    assert root.post(f"{at}/apply", {"choices": {"entities.note.label": "mine"}}).status_code == 200
    overlay = root.get("/customizations").json["entities"]["note"]
    assert overlay["label"] == "札记" and {"mood", "weather"} <= overlay["fields"].keys()


def test_a_draft_that_is_wrong_is_told_when_it_is_planned(root) -> None:
    made = root.post("/customizations/drafts", {"title": "", "overlay": field("mood", {"type": "txet"})}).json
    assert root.post(f"/customizations/drafts/{made['id']}/plan", {}).status_code == 422
    assert root.delete(f"/customizations/drafts/{made['id']}").status_code == 204
    deep: dict = {}
    here = deep
    for _ in range(50):
        here["x"] = {}
        here = here["x"]
    assert root.post("/customizations/drafts", {"overlay": deep}).status_code in (400, 422)


def test_a_draft_on_what_runs_changes_nothing(root, change) -> None:
    change(MOOD)
    made = root.post("/customizations/drafts", {"title": "leer"}).json
    assert made["changes"] == 0 and made["overlay"] == MOOD
    assert root.post(f"/customizations/drafts/{made['id']}/plan", {}).json["steps"] == []


@pytest.mark.parametrize("body", [{"overlay": None}, {"overlay": []}, {"overlay": {}, "title": 5}])
def test_a_body_that_is_wrong_is_told_at_its_keys(root: Caller, body: dict[str, object]) -> None:
    answer = root.post("/customizations/drafts", body)
    assert answer.status_code == 422 and {e["field"] for e in answer.json["errors"]} <= {"overlay", "title"}

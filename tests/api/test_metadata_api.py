"""The running dialect over HTTP: what one may know, and what an administrator may change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.served import NOTES, Caller


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


def test_each_sees_the_entities_and_fields_he_may_read(caller: Callable[[str], Caller]) -> None:
    lin, qin = caller("lin"), caller("qin")
    keys = [entity["key"] for entity in lin.get("/metadata").json["result"]]
    assert "note" in keys and "login_log" not in keys
    fields = {field["key"]: field for field in lin.get("/metadata/note").json["fields"]}
    assert "secret" not in fields
    assert fields["level"]["options"] == [
        {"key": "low", "label": "低", "color": None},
        {"key": "high", "label": "高", "color": None},
    ]
    assert fields["title"]["required"] and fields["title"]["writable"]
    assert not fields["total"]["writable"] and fields["total"]["formula"] == "sum(lines.price)"
    assert "secret" in {field["key"] for field in qin.get("/metadata/note").json["fields"]}
    assert lin.get("/metadata/login_log").status_code == 404
    assert lin.get("/metadata/nothing").status_code == 404


def test_provenance_names_the_file_and_line(caller: Callable[[str], Caller]) -> None:
    root = caller("root")
    places = root.get("/metadata/note?provenance=1").json["provenance"]
    said = places["fields.title.label"]
    assert said["file"] == "m1.yaml" and NOTES.splitlines()[said["line"] - 1].strip().startswith("title:")
    assert caller("lin").get("/metadata/note?provenance=1").status_code == 403


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_administrator_adds_a_field_while_everything_runs(caller: Callable[[str], Caller]) -> None:
    root, lin = caller("root"), caller("lin")
    note = lin.post("/records/note", {"title": "x"}).json["id"]
    overlay = {"entities": {"note": {"fields": {"mood": {"type": "text", "label": "心情"}}}}}
    planned = root.post("/customizations/plan", overlay)
    assert planned.status_code == 200
    steps = planned.json["steps"]
    assert [(step["entity"], step["field"]) for step in steps if step["kind"] == "add_column"] == [("note", "mood")], (
        steps
    )
    assert lin.patch(f"/records/note/{note}", {"mood": "gut"}).status_code == 422, "a plan changes nothing"
    applied = root.post(f"/customizations/apply?digest={planned.json['digest']}", overlay)
    assert applied.status_code == 200, applied.text
    assert lin.patch(f"/records/note/{note}", {"mood": "gut"}).json["mood"] == "gut"
    assert root.get("/customizations").json == overlay
    late = root.post(f"/customizations/apply?digest={planned.json['digest']}", overlay)
    assert late.status_code == 409
    more = {"entities": {"note": {"fields": {"weather": "text"}}}}
    assert root.post("/customizations/apply?merge=1", more).status_code == 200
    assert {"mood", "weather"} <= root.get("/customizations").json["entities"]["note"]["fields"].keys()
    assert lin.get(f"/records/note/{note}").json["weather"] is None


def test_a_wrong_overlay_is_told_with_all_its_faults_and_changes_nothing(
    caller: Callable[[str], Caller], unchanged: None
) -> None:
    root = caller("root")
    overlay = {
        "entities": {"note": {"fields": {"mood": {"type": "txet"}, "Bad Name": "text", "title": {"type": "money"}}}}
    }
    for verb in ("plan", "apply"):
        answer = root.post(f"/customizations/{verb}", overlay)
        assert answer.status_code == 422, answer.text
        assert len(answer.json["errors"]) >= 2
        assert all(error["message"] and error["code"].startswith("E") for error in answer.json["errors"])


def test_only_administrators_customize(caller: Callable[[str], Caller], unchanged: None) -> None:
    qin = caller("qin")
    for verb in ("plan", "apply"):
        assert qin.post(f"/customizations/{verb}", {}).status_code == 403
    assert qin.get("/customizations").status_code == 403

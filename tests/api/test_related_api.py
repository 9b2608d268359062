"""A record and what hangs on it, in one call."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def test_a_record_brings_what_hangs_on_it(caller: Any) -> None:
    qin = caller("qin")
    folder = qin.post("/records/folder", {"name": "甲"}).json["id"]
    for number in range(3):
        assert qin.post("/records/note", {"title": f"n{number}", "folder": folder}).status_code == 201
    said = qin.get(f"/records/folder/{folder}?related=notes:2").json
    assert said["name"] == "甲"
    page = said["_related"]["notes"]
    assert [note["title"] for note in page["result"]] == ["n2", "n1"]
    assert page["next"] and page["count"] is None
    assert qin.get(f"/records/folder/{folder}").json.get("_related") is None


def test_what_hangs_on_it_is_asked_under_its_own_rights(caller: Any) -> None:
    qin, lin = caller("qin"), caller("lin")
    folder = qin.post("/records/folder", {"name": "乙"}).json["id"]
    qin.post("/records/note", {"title": "of qin", "folder": folder})
    lin.post("/records/note", {"title": "of lin", "folder": folder})
    notes = lin.get(f"/records/folder/{folder}?related=notes").json["_related"]["notes"]["result"]
    assert [note["title"] for note in notes] == ["of lin"]


def test_a_wrong_name_or_number_is_told(caller: Any) -> None:
    qin = caller("qin")
    folder = qin.post("/records/folder", {"name": "丙"}).json["id"]
    assert qin.get(f"/records/folder/{folder}?related=nothing").status_code == 404
    assert qin.get(f"/records/folder/{folder}?related=notes:0").status_code == 400
    assert qin.get(f"/records/folder/{folder}?related=notes:x").status_code == 400

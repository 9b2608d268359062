"""Imports and exports over HTTP: begun, done as jobs, their files taken by who began them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from yuanke.jobs import run_pending

from tests.served import Caller

CSV = "标题,金额,级别\n甲,12.50,高\n乙,x,低\n丙,7,\n".encode()


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


def send(caller: Caller, content: bytes = CSV, **fields: Any) -> Any:
    data = {"file": (io.BytesIO(content), "notes.csv"), **fields}
    return caller.call("POST", "/imports/note", data=data, content_type="multipart/form-data")


def finished(caller: Caller, app: Any, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    run_pending(app.installation, "acme")
    return caller.get(answer.headers["Location"].removeprefix("/api/v1")).json


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_file_is_imported_with_a_proposed_mapping(caller: Callable[[str], Caller], app: Any) -> None:
    root = caller("root")
    begun = send(root)
    assert begun.json["state"] in ("queued", "running", "done") and begun.json["mapping"]["columns"]["amount"] == "金额"
    job = finished(root, app, begun)
    assert job["state"] == "done", job
    assert (job["result"]["created"], job["result"]["failed"]) == (2, 1)
    assert {note["title"] for note in root.get("/records/note").json["result"]} == {"甲", "丙"}
    errors = root.get(f"/files/{job['result']['error_file']}")
    assert "乙" in errors.data.decode("utf-8-sig")
    assert caller("lin").get(f"/jobs/{job['id']}").status_code == 404


def test_a_dry_run_writes_nothing(caller: Callable[[str], Caller], app: Any) -> None:
    root = caller("root")
    mapping = {"columns": {"title": "标题", "amount": "金额"}, "key": ["title"]}
    job = finished(root, app, send(root, mapping=json.dumps(mapping), dry_run="true"))
    assert (job["result"]["dry"], job["result"]["created"]) == (True, 2)
    assert root.get("/records/note").json["result"] == []


def test_an_import_by_the_id_of_an_upload_and_a_key(caller: Callable[[str], Caller], app: Any) -> None:
    root = caller("root")
    put = root.call(
        "POST", "/files", data={"file": (io.BytesIO(CSV), "a.csv")}, content_type="multipart/form-data"
    ).json
    mapping = {"columns": {"title": "标题", "level": "级别"}}
    for expected in ({"created": 3}, {"created": 0}):
        answer = root.post("/imports/note", {"file": put["id"], "mapping": mapping, "key": "title"})
        assert finished(root, app, answer)["result"]["created"] == expected["created"]


def test_what_cannot_be_imported_is_told(caller: Callable[[str], Caller], unchanged: None) -> None:
    root, lin = caller("root"), caller("lin")
    folders = {"file": (io.BytesIO(b"name\nA\n"), "folders.csv")}
    assert lin.call("POST", "/imports/folder", data=folders, content_type="multipart/form-data").status_code == 403
    assert send(root, mapping="{").status_code == 400
    wrong = send(root, mapping=json.dumps({"columns": {"nothing": "标题"}, "sheets": 1}))
    assert wrong.status_code == 422 and wrong.json["errors"], wrong.text
    assert root.post("/imports/note", {}).status_code == 422
    assert root.post("/imports/note", {"file": 999, "mapping": {"columns": {"title": "标题"}}}).status_code == 404
    assert root.post("/imports/nothing", {"file": 1}).status_code == 404
    assert root.post("/imports/note", {"file": 1, "entity": "note"}).status_code == 422


def test_an_export_holds_what_the_list_shows(caller: Callable[[str], Caller], app: Any) -> None:
    qin, lin, yu = caller("qin"), caller("lin"), caller("yu")
    for number in range(5):
        (lin if number % 2 else yu).post("/records/note", {"title": f"t{number}", "amount": number})
    job = finished(
        qin, app, qin.post("/exports/note", {"format": "csv", "filter": "amount > 1", "columns": ["title", "amount"]})
    )
    assert job["result"]["rows"] == 3
    lines = qin.get(f"/files/{job['result']['file']}").data.decode("utf-8-sig").splitlines()
    assert lines[0] == "标题,金额" and [line.split(",")[0] for line in lines[1:]] == ["t2", "t3", "t4"]
    assert lin.post("/exports/note", {"format": "csv"}).status_code == 403
    assert lin.get(f"/files/{job['result']['file']}").status_code == 404
    for body in ({"format": "exe"}, {"filter": "nothing == 1"}, {"columns": ["nothing"]}, {"sort": "nothing"}):
        assert qin.post("/exports/note", body).status_code == 400, body
    for body in ({"format": 1}, {"columns": [1]}, {"columns": {}}, {"where": "x"}):
        assert qin.post("/exports/note", body).status_code == 422, body

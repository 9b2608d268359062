"""Uploads and downloads: nobody opens a file because he knows its number."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def upload(caller: Caller, content: bytes = b"hello", name: str = "a.txt", **more: Any) -> Any:
    return caller.call(
        "POST", "/files", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data", **more
    )


def test_a_file_belongs_to_who_put_it_in(caller: Callable[[str], Caller]) -> None:
    lin, yu = caller("lin"), caller("yu")
    put = upload(lin, b"hello", "../../r\u202eport.txt")
    assert put.status_code == 201
    assert put.json["size"] == 5 and "/" not in put.json["name"] and "\u202e" not in put.json["name"]
    got = lin.get(f"/files/{put.json['id']}")
    assert got.data == b"hello"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in got.headers["Content-Security-Policy"]
    for other in (yu.get(f"/files/{put.json['id']}"), yu.get("/files/999")):
        assert other.status_code == 404


def test_a_file_on_a_record_is_opened_by_who_may_read_the_record(caller: Callable[[str], Caller]) -> None:
    root, lin, qin, yu = (caller(name) for name in ("root", "lin", "qin", "yu"))
    overlay = {"entities": {"note": {"fields": {"paper": {"type": "file", "label": "文件"}}}}}
    assert root.post("/customizations/apply", overlay).status_code == 200
    file_id = upload(lin).json["id"]
    note = lin.post("/records/note", {"title": "x", "paper": {"id": file_id}})
    assert note.status_code == 201, note.text
    assert note.json["paper"] == {"id": file_id, "name": "a.txt", "size": 5, "type": "text/plain"}
    where = f"/files/{file_id}?entity=note&record={note.json['id']}"
    assert qin.get(where).data == b"hello"
    assert yu.get(where).status_code == 404
    assert qin.get(f"/files/{file_id}").status_code == 404
    other = upload(yu).json["id"]
    stolen = lin.patch(f"/records/note/{note.json['id']}", {"paper": {"id": other, "name": "mine.txt"}})
    assert (stolen.status_code, stolen.json["errors"][0]["field"]) == (422, "paper")
    assert qin.get(f"/files/{other}?entity=note&record={note.json['id']}").status_code == 404


def test_uploads_have_limits(caller: Callable[[str], Caller], app: Any, unchanged: None) -> None:
    lin = caller("lin")
    assert upload(lin, b"").status_code == 422
    assert lin.post("/files", {"file": "x"}).status_code == 422
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert upload(lin, b"x" * 2000).status_code == 413
    app.config["MAX_CONTENT_LENGTH"] = 20_000_000
    parts = {f"p{n}": "x" for n in range(3000)}
    assert lin.call("POST", "/files", data=parts, content_type="multipart/form-data").status_code == 413


def test_markup_is_never_shown_in_place(caller: Callable[[str], Caller]) -> None:
    lin = caller("lin")
    for content, name in (
        (b"<script>alert(1)</script>", "x.html"),
        (b"<svg onload=alert(1)>", "x.svg"),
        (b"<?xml?><a/>", "x.xml"),
    ):
        got = lin.get(f"/files/{upload(lin, content, name).json['id']}")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.mimetype in ("application/octet-stream", "text/plain")

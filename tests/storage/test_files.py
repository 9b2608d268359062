"""Uploaded files: by content, under names and types that mislead nobody."""

from __future__ import annotations

import io

import pytest
from yuanke.kernel.errors import RecordNotFound, ValidationFailed
from yuanke.storage.files import clean_name, type_of


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def at(enterprise):
    return enterprise("entities: {firm: {label: 公司, fields: {name: text}}}")


def test_a_file_is_read_back_as_it_came(at, writing, reading):
    with writing(at) as unit:
        kept = unit.files.put(io.BytesIO(b"%PDF-1.7 x"), "合同.pdf", 3)
    with reading(at) as unit, unit.files.open(kept.id) as stream:
        assert stream.read() == b"%PDF-1.7 x"
        found = unit.files.info(kept.id)
    assert (found.name, found.size, found.type, found.created_by, found.inline) == (
        "合同.pdf",
        10,
        "application/pdf",
        3,
        False,
    )


def test_equal_contents_are_kept_once(at, writing, installation):
    with writing(at) as unit:
        ids = {unit.files.put(io.BytesIO(b"same"), name, None).id for name in ("a.txt", "b.txt")}
    assert len(ids) == 2
    assert len(list((installation.home / "enterprises" / "acme" / "files").iterdir())) == 1


def test_an_unknown_file_is_not_found(at, reading):
    with reading(at) as unit, pytest.raises(RecordNotFound):
        unit.files.open(99)


@pytest.mark.parametrize("content", [b"", b"x" * 2000])
def test_empty_and_too_large_files_are_refused_and_leave_nothing(at, writing, installation, content):
    with pytest.raises(ValidationFailed), writing(at) as unit:
        unit.files.put(io.BytesIO(content), "a.txt", None, largest=1000)
    assert list((installation.home / "enterprises" / "acme" / "files").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a\x00b.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("报价 单.xlsx", "报价 单.xlsx"),
        ("..", "file"),
        ("", "file"),
        ("a<b>.txt", "a_b_.txt"),
    ],
)
def test_names_lose_what_misleads(given, kept):
    assert clean_name(given) == kept


def test_a_very_long_name_keeps_its_ending():
    assert clean_name("x" * 4000 + ".pdf").endswith(".pdf")
    assert len(clean_name("x" * 4000 + ".pdf")) == 200


@pytest.mark.parametrize(
    ("content", "name", "type_"),
    [
        (b"\x89PNG\r\n\x1a\n...", "a.exe", "image/png"),
        (b"<svg onload=alert(1)>", "a.png", "application/octet-stream"),
        (b"<!doctype html>", "a.txt", "application/octet-stream"),
        (b"plain", "a.html", "text/plain"),
        (b"a,b", "a.csv", "text/csv"),
        (b"PK\x03\x04..", "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"PK\x03\x04..", "a.html", "application/zip"),
        (b"\x00\x01", "a.png", "application/octet-stream"),
    ],
)
def test_types_come_from_the_content(content, name, type_):
    assert type_of(content, name) == type_

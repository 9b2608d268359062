"""Where a log-in may send one: only to this house."""

from __future__ import annotations

import pytest
from flask import Flask
from yuanke.web.addresses import local_path

ABROAD = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:evil.example",
    "https://evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "///evil.example",
    "http://localhost.evil.example/",
    "evil.example",
    "/%09/\n/x",
    "http://localhost@evil.example/",
    "",
]


@pytest.mark.parametrize("target", ABROAD)
def test_a_foreign_address_becomes_the_start_page(target: str) -> None:
    with Flask("test").test_request_context("/", base_url="http://localhost"):
        assert local_path(target) == "/"


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/records/note?a=1", "/records/note?a=1"),
        ("http://localhost/records/note", "/records/note"),
        ("/%09/evil", "/%09/evil"),
    ],
)
def test_an_address_here_is_kept(target: str, kept: str) -> None:
    with Flask("test").test_request_context("/", base_url="http://localhost"):
        assert local_path(target) == kept

"""What a foreign page makes a browser send writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise

from tests.served import Caller, browser


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def lin(app: Any, notes: Enterprise) -> Any:
    return browser(app, "acme", "lin")


def test_a_cookie_writes_only_with_its_own_token(app: Any, notes: Enterprise, lin: Any) -> None:
    body = {"title": "x"}
    yu = browser(app, "acme", "yu")
    assert lin.post("/api/v1/records/note", json=body, headers={"X-CSRF-Token": lin.token}).status_code == 201
    attempts = [
        {"json": body},
        {"json": body, "headers": {"X-CSRF-Token": "x"}},
        {"data": b'{"title": "x"}', "content_type": "text/plain"},
        {"data": {"title": "x"}},
        {"data": b'{"title": "x"}', "content_type": "application/json", "headers": {"Origin": "https://evil.example"}},
    ]
    for attempt in attempts:
        answer = lin.post("/api/v1/records/note", **attempt)
        assert (answer.status_code, answer.json["code"]) == (400, "csrf"), attempt
    with yu.session_transaction() as session:
        session["csrf_token"] = "another"
    assert yu.post("/api/v1/records/note", json=body, headers={"X-CSRF-Token": lin.token}).status_code == 400
    assert lin.get("/api/v1/records/note?count=exact").json["count"] == 1


@pytest.mark.parametrize("method", ["patch", "delete", "put", "post"])
def test_no_unsafe_method_passes_without_token(lin: Any, method: str, unchanged: None) -> None:
    for path in (
        "/api/v1/records/note/1",
        "/api/v1/records/note",
        "/api/v1/customizations/apply",
        "/logout",
        "/lang",
        "/login",
    ):
        assert getattr(lin, method)(path, json={}).status_code in (400, 405), path


def test_a_get_changes_nothing(app: Any, notes: Enterprise, lin: Any, unchanged: None) -> None:
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments:
            lin.get(rule.rule)
    for path in ("/api/v1/records/note?q=x", "/api/v1/metadata/note", "/api/v1/records/note/1/history", "/logout"):
        lin.get(path)


def test_a_token_needs_no_form_token(app: Any, notes: Enterprise) -> None:
    assert Caller(app, "acme", "lin").log_in().post("/records/note", {"title": "x"}).status_code == 201


def test_the_cookie_is_closed_to_scripts_and_other_sites(app: Any, notes: Enterprise, lin: Any) -> None:
    cookie = lin.get_cookie("yuanke")
    assert cookie.http_only and cookie.same_site == "Lax" and cookie.path == "/"


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "http:evil.example", "javascript:1"]
)
def test_a_log_in_leads_only_to_this_house(app: Any, notes: Enterprise, target: str) -> None:
    from tests.served import PASSWORD, form_token

    client = app.test_client()
    form = {
        "enterprise": "acme",
        "username": "lin",
        "password": PASSWORD,
        "csrf_token": form_token(client),
        "next": target,
    }
    assert client.post("/login", data=form).headers["Location"] == "/"
    assert client.get("/login", query_string={"next": target}).headers["Location"] == "/"

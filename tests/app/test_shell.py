"""The application starts quickly, stays closed, and tells refusals in the caller's way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from yuanke.app import configuration

from tests.served import browser, form_token, log_in

ROOT = Path(__file__).parents[2]


def test_starting_touches_no_enterprise(tmp_path: Path) -> None:
    code = (
        "from yuanke.app import create_app;"
        f"app=create_app({{'YUANKE_HOME': {str(tmp_path)!r}, 'YUANKE_DATABASE_URL': None}});"
        "print(app.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
        env={"PYTHONPATH": str(ROOT / "platform"), "PATH": ""},
    )
    assert done.stdout.strip() == "yuanke"
    assert {p.name for p in tmp_path.iterdir()} <= {"secret.key", "cache"}, "no directory and no enterprise is opened"


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YUANKE_SECRET_KEY", raising=False)
    first = configuration.secret_key(tmp_path)
    assert len(first) >= 48
    assert configuration.secret_key(tmp_path) == first
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("YUANKE_SECRET_KEY", "short")
    with pytest.raises(SystemExit, match="32"):
        configuration.secret_key(tmp_path)


#: what a stranger may call; everything else must ask for a log-in
OPEN = {
    "login",
    "Logins.login",
    "logout",
    "lang",
    "login_json",
    "refresh_json",
    "health",
    "static",
    "appbuilder.static",
    "HooksApi.call",  # another system, which shows a secret or signs
}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_route_is_closed_unless_it_is_known_to_be_open(app: Any) -> None:
    views = {rule.endpoint for rule in app.url_map.iter_rules()}
    marked = {name for name in views if getattr(app.view_functions[name], "open_to_all", False)}
    assert marked | {"static", "appbuilder.static"} == OPEN
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN:
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(
                next(part for part in path.split("/") if part.endswith(f"{name}>")),
                "1" if "id" in name or name == "number" else "note",
            )
        for method in rule.methods - {"OPTIONS"}:
            if not app.url_map.bind("localhost").test(path, method=method):
                continue  # one of a few words stands here
            answer = client.open(path, method=method)
            assert answer.status_code in (302, 401), f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_post_of_the_api_honours_the_idempotency_key(app: Any) -> None:
    def reads(endpoint: str) -> bool:
        return getattr(app.view_functions[endpoint], "reading", False)

    posts = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods and rule.rule.startswith("/api/")]
    bare = [
        rule.rule
        for rule in posts
        if not (getattr(app.view_functions[rule.endpoint], "honours_key", False) or reads(rule.endpoint))
    ]
    assert sorted(bare) == [
        "/api/v1/automations/<key:entity>/<key:name>/dry-run",  # changes nothing
        "/api/v1/automations/<key:entity>/<key:name>/secret",  # told once
        "/api/v1/hooks/<address>",  # has an id of its own
        "/api/v1/mcp",
        "/api/v1/records/<key:entity>/duplicates",  # looks only
        "/api/v1/security/keys",
        "/api/v1/security/login",
        "/api/v1/security/refresh",
    ]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_behind_a_trusted_proxy_the_address_and_https_are_the_callers(home: Any, notes: Any) -> None:
    from yuanke.app import create_app

    app = create_app({"YUANKE_HOME": home, "YUANKE_DATABASE_URL": None, "TRUSTED_PROXIES": 1})
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "crm.example"}
    client = app.test_client()
    page = client.get("/login", headers=told)
    assert "Secure" in page.headers["Set-Cookie"] and "Strict-Transport-Security" in page.headers
    for _ in range(30):
        app.login_limits.failed("acme", "nobody", "203.0.113.7")
    body = {"enterprise": "acme", "username": "lin", "password": "x", "provider": "db"}
    assert client.post("/api/v1/security/login", json=body, headers=told).status_code == 429
    elsewhere = {**told, "X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
    assert client.post("/api/v1/security/login", json=body, headers=elsewhere).status_code == 401
    app.installation.close()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_headers_of_every_answer(app: Any, notes: Any) -> None:
    for path in ("/health", "/nowhere", "/api/v1/me"):
        headers = app.test_client().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers
    secure = app.test_client().get("/health", base_url="https://crm.example")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_refusals_are_problem_details_below_api_and_pages_elsewhere(app: Any, notes: Any) -> None:
    client = app.test_client()
    missing = client.get("/api/v1/nowhere")
    assert missing.mimetype == "application/problem+json"
    assert missing.json["status"] == 404 and missing.json["code"] == "not_found"
    assert client.get("/nowhere").mimetype == "text/html"
    wrong = client.delete("/api/v1/me")
    assert wrong.status_code == 405 and "GET" in wrong.headers["Allow"]
    nobody = client.get("/api/v1/me")
    assert nobody.status_code == 401 and nobody.headers["WWW-Authenticate"].startswith("Bearer")
    english = client.get("/api/v1/me", headers={"Accept-Language": "en"})
    assert english.json["detail"] != nobody.json["detail"] or not english.json["detail"].isascii()


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("own", "accepted", "spoken"), [("zh", "en", "zh"), ("en", "zh", "en")])
def test_a_page_of_refusal_speaks_one_language_and_it_is_the_readers(
    app: Any, installation: Any, notes: Any, own: str, accepted: str, spoken: str
) -> None:
    sentences = {
        "zh": ("没有找到", "没有这个地址", "回到工作台"),
        "en": ("Not found", "no such address", "Back to the"),
    }
    other = {"zh": "en", "en": "zh"}
    with installation.unit(notes, write=True) as unit:
        unit.execute(unit.tables["user"].update().values(locale=own))
    client, stranger = browser(app, "acme", "lin"), app.test_client()
    for who, language in ((client, spoken), (stranger, accepted)):
        for path in ("/nowhere", "/records/nothing", "/records/note/999"):
            page = who.get(path, headers={"Accept-Language": accepted})
            if page.status_code == 302:  # a stranger is asked for a log-in first
                continue
            assert page.status_code == 404 and f'lang="{"zh-CN" if language == "zh" else "en"}"' in page.text
            assert sentences[language][0] in page.text and sentences[language][2] in page.text, path
            assert not any(said in page.text for said in sentences[other[language]]), path
    gone = client.get("/api/v1/records/note/999", headers={"Accept-Language": accepted}).json
    assert gone["title"] == sentences[spoken][0] and gone["detail"].isascii() == (spoken == "en")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_language_is_chosen_by_post_only(app: Any, notes: Any) -> None:
    client = browser(app, "acme", "lin")
    assert client.get("/lang").status_code == 405
    answer = client.post("/lang", data={"locale": "en", "next": "/records/note", "csrf_token": client.token})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/records/note")
    with client.session_transaction() as session:
        assert session["locale"] == "en"
    assert client.post("/lang", data={"locale": "xx", "csrf_token": client.token}).status_code == 400


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_login_page_shows_what_was_typed_again(app: Any, notes: Any) -> None:
    client = app.test_client()
    page = client.get("/login?next=/records/note")
    assert page.status_code == 200 and 'name="enterprise"' in page.text and "/records/note" in page.text
    form = {"enterprise": "acme", "username": "lin", "password": "wrong", "csrf_token": form_token(client)}
    again = client.post("/login", data=form)
    assert again.status_code == 401 and "lin" in again.text and "不正确" in again.text


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_bug_is_told_by_number_and_undoes_the_request(app: Any, notes: Any, caplog: pytest.LogCaptureFixture) -> None:
    from yuanke.web.requests import current

    def broken() -> None:
        current().records.create("note", {"title": "x"})
        raise ZeroDivisionError("the secret of the house")

    app.add_url_rule("/api/v1/broken", "broken", broken, methods=["POST"])
    token = log_in(app, "acme", "lin").json["access_token"]
    client, bearer = app.test_client(), {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/v1/broken", headers=bearer)
    assert answer.status_code == 500 and "secret" not in answer.text
    assert answer.json["instance"].removeprefix("urn:fault:") in caplog.text
    assert client.get("/api/v1/records/note", headers=bearer).json["result"] == []

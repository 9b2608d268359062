"""Keys of programs: whose they are, what they open, and everything that ends them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access import fab_tables as fab
from yuanke.access import people
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.storage import Installation
from yuanke.storage.provision import set_state

from tests.served import NOTES, PASSWORD, Caller, browser, checksum, log_in

KEYS = "/api/v1/security/keys"


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


@pytest.fixture
def robot(notes: Enterprise, staff: Callable[..., int]) -> int:
    """The interface user ``robot``, a clerk."""
    return staff(notes, "robot", "clerk", kind="interface")


@pytest.fixture
def root(caller: Callable[..., Caller]) -> Caller:
    return caller("root")


def issue(root: Caller, robot: Any, **more: Any) -> Any:
    return root.post("/security/keys", {"name": "ERP", "user": robot, "password": PASSWORD, **more})


def ask(app: Any, key: str, path: str = "/api/v1/me", method: str = "GET", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
    return app.test_client(use_cookies=False).open(path, method=method, headers=headers, **more)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_key_is_shown_once_and_stands_for_its_user(app: Any, root: Caller, robot: int, notes: Enterprise) -> None:
    made = issue(root, robot)
    assert made.status_code == 201, made.text
    key = made.json["key"]
    assert key.startswith(f"{made.json['prefix']}.") and key.startswith("yk_acme.") and len(key) > 55
    said = ask(app, key).json
    assert (said["username"], said["kind"], said["roles"]) == ("robot", "interface", ["clerk"])
    note = ask(app, key, "/api/v1/records/note", "POST", json={"title": "by machine"})
    assert note.status_code == 201 and note.json["owner"]["title"] == "Robot"
    assert ask(app, key, "/api/v1/records/folder", "POST", json={"name": "x"}).status_code == 403
    listed = root.get("/records/api_key?fields=name,prefix,user,last_used_at,revoked_at").json["result"][0]
    assert (listed["prefix"], listed["user"]["id"], listed["revoked_at"]) == (made.json["prefix"], robot, None)
    assert listed["last_used_at"] is not None
    secret = key.rpartition(".")[2]
    for path in (
        "/records/api_key",
        f"/records/api_key/{made.json['id']}",
        f"/records/api_key/{made.json['id']}/history",
    ):
        assert secret not in root.get(path).text
    with app.installation.unit(notes) as unit:
        for name in ("ab_api_key", "api_key", "yk_history", "yk_reply", "yk_search"):
            rows = (
                unit.connection.execute(sa.select(sa.literal_column("*")).select_from(sa.table(name))).all()
                if unit.dialect == "sqlite"
                else []
            )
            assert secret not in repr(rows), name
        assert unit.execute(sa.select(fab.API_KEY.c.id)).scalar_one() == made.json["id"]


def test_only_an_administrator_with_his_password_makes_one(
    app: Any, root: Caller, robot: int, caller: Callable[..., Caller], notes: Enterprise, installation: Installation
) -> None:
    key = issue(root, robot).json["key"]
    before = checksum(installation, notes)
    assert issue(caller("qin"), robot).status_code == 403
    lin = root.get("/records/user?filter=username=='lin'&fields=username").json["result"][0]["id"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"password": "wrong-wrong"}, "password"),
        ({"password": None}, "password"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"user": lin}, "user"),
        ({"user": 999}, "user"),
        ({"user": None}, "user"),
        ({"user": [1]}, "user"),
        ({"expires": "2020-01-01"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"prefix": "yk_other.x"}, "prefix"),
        ({"revoked_at": None}, "revoked_at"),
    ]
    for change, field in wrong:
        answer = issue(root, robot, **change)
        assert answer.status_code == 422, (change, answer.text)
        assert {one["field"] for one in answer.json["errors"]} == {field}, (change, answer.text)
    by_key = {"name": "x", "user": robot, "password": PASSWORD}
    assert ask(app, key, KEYS, "POST", json=by_key).status_code == 403
    with installation.unit(notes, write=True) as unit:
        people.set_roles(unit, robot, ["admin"])
    before = checksum(installation, notes)
    assert ask(app, key, KEYS, "POST", json=by_key).status_code == 403, "a key makes no key, whatever its roles"
    assert ask(app, key, f"{KEYS}/1", "DELETE").status_code == 403
    assert ask(app, key, "/password", "POST", json={"old": PASSWORD, "new": "geheim-neu"}).status_code == 401
    assert ask(app, key, "/logout", "POST").status_code == 302, "to the log-in"
    assert checksum(installation, notes) == before


def test_records_of_keys_are_not_written_like_others(root: Caller, robot: int) -> None:
    made = issue(root, robot).json
    at = f"/records/api_key/{made['id']}"
    assert root.post("/records/api_key", {"name": "x", "user": robot, "prefix": "yk_acme.x"}).status_code == 409
    assert root.delete(at).status_code == 409
    for change in (
        {"user": 1},
        {"prefix": "x"},
        {"revoked_at": "2026-01-01T00:00:00Z"},
        {"last_used_at": "2026-01-01T00:00:00Z"},
    ):
        assert root.patch(at, change).status_code == 422, change
    assert root.patch(at, {"name": "ERP 2"}).json["name"] == "ERP 2"


ENDINGS: dict[str, Callable[[Caller, int, int], None]] = {
    "revoked": lambda root, robot, key: root.delete(f"/security/keys/{key}"),
    "password reset": lambda root, robot, key: _in_unit(
        root, lambda unit: people.set_password(unit, robot, "another-1")
    ),
    "user disabled": lambda root, robot, key: root.patch(f"/records/user/{robot}", {"status": "disabled"}),
    "user no interface": lambda root, robot, key: root.patch(f"/records/user/{robot}", {"kind": "full"}),
    "term over": lambda root, robot, key: root.patch(f"/records/api_key/{key}", {"expires": "2020-01-01"}),
    "suspended": lambda root, robot, key: set_state(root.app.installation, "acme", state="suspended"),
}


def _in_unit(root: Caller, act: Callable[[Any], None]) -> None:
    with root.app.installation.unit("acme", write=True) as unit:
        act(unit)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_trust_ends_a_key_at_the_next_request(app: Any, root: Caller, robot: int, ending: str) -> None:
    made = issue(root, robot, expires="2999-12-31").json
    assert ask(app, made["key"]).status_code == 200
    ENDINGS[ending](root, robot, made["id"])
    answer = ask(app, made["key"])
    assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    if ending == "suspended":
        set_state(app.installation, "acme", state="active")
        assert ask(app, made["key"]).status_code == 200, "a suspension passes"
    if ending == "user disabled":
        assert root.patch(f"/records/user/{robot}", {"status": "active"}).status_code == 200
        assert ask(app, made["key"]).status_code == 401, "it does not come back with him"
    if ending == "revoked":
        assert root.delete(f"/security/keys/{made['id']}").status_code == 204, "again is the same"
        assert root.get(f"/records/api_key/{made['id']}").json["revoked_at"] is not None


def test_a_changed_role_is_felt_by_the_next_request_of_a_key(app: Any, root: Caller, robot: int) -> None:
    key = issue(root, robot).json["key"]
    assert ask(app, key, "/api/v1/records/folder", "POST", json={"name": "a"}).status_code == 403
    root.patch(f"/records/user/{robot}", {"roles": ["chief"]})
    assert ask(app, key, "/api/v1/records/folder", "POST", json={"name": "a"}).status_code == 201


def test_a_key_opens_its_own_enterprise_only(
    app: Any, root: Caller, robot: int, enterprise: Callable[..., Enterprise], staff: Callable[..., int]
) -> None:
    other = enterprise(NOTES, slug="other", label="另一家")
    staff(other, "boss", "admin")
    key = issue(root, robot).json["key"]
    moved = key.replace("yk_acme.", "yk_other.")
    for wrong in (
        moved,
        key[:-1],
        key + "x",
        "yk_",
        "yk_acme",
        "yk_acme.",
        "yk_acme..",
        "yk_nowhere.a.b",
        "yk_acme." + "é" * 9,
        key[3:],
    ):
        answer = ask(app, wrong)
        assert answer.status_code == 401, wrong
        assert "another" not in answer.text
    assert ask(app, key.replace("yk_acme", "yk_ACME")).status_code == 401


def test_a_key_is_shown_below_api_only_and_never_beside_a_cookie(
    app: Any, root: Caller, robot: int, notes: Enterprise
) -> None:
    key = issue(root, robot).json["key"]
    for path in ("/", "/records/note", "/login"):
        assert ask(app, key, path).status_code in (302, 401), path
    client = browser(app, "acme", "lin")
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 400
    body = {"enterprise": "acme", "username": "lin", "password": PASSWORD, "provider": "db"}
    assert ask(app, key, "/api/v1/security/login", "POST", json=body).status_code == 400
    assert ask(app, key, "/api/v1/security/refresh", "POST").status_code == 401
    assert log_in(app, "acme", "robot").status_code == 200, "an interface user may log in to the API as well"


def test_guessing_keys_is_stopped_by_address_and_stops_no_log_in(app: Any, root: Caller, robot: int) -> None:
    key = issue(root, robot).json["key"]
    codes = [ask(app, f"yk_acme.{n:08x}.x").status_code for n in range(32)]
    assert codes == [401] * 30 + [429] * 2
    stopped = ask(app, key)
    assert stopped.status_code == 429 and int(stopped.headers["Retry-After"]) > 0
    assert log_in(app, "acme", "lin").status_code == 200
    assert ask(app, key, environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code == 200


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_when_a_key_was_used_is_kept_to_the_hour(app: Any, root: Caller, robot: int) -> None:
    made = issue(root, robot).json
    seen = []
    start = clock.now()
    for minutes in (0, 10, 59, 61, 70):
        with clock.stopped(start + timedelta(minutes=minutes)):
            assert ask(app, made["key"]).status_code == 200
            with app.installation.unit("acme") as unit:
                table = unit.tables["api_key"]
                seen.append(unit.execute(sa.select(table.c.last_used_at)).scalar_one())
    assert seen[0] == seen[1] == seen[2] < seen[3] == seen[4]

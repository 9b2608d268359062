"""Whose credentials count where: a cookie, a token, both, copies of them, after everything that should end them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.access import people, sessions
from yuanke.kernel.actor import Enterprise
from yuanke.storage import Installation
from yuanke.storage.provision import set_state

from tests.served import NOTES, PASSWORD, Caller, browser, log_in


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


@pytest.fixture
def twin(enterprise: Callable[..., Enterprise], staff: Callable[..., int]) -> Enterprise:
    """A second enterprise with the same modules and other people under the same ids."""
    made = enterprise(NOTES, slug="other", label="另一家")
    for username, role in (("boss", "admin"), ("wei", "chief"), ("xu", "clerk"), ("he", "clerk")):
        staff(made, username, role)
    return made


def test_a_cookie_of_one_and_a_token_of_another_enterprise_is_refused(
    app: Any, notes: Enterprise, twin: Enterprise
) -> None:
    client = browser(app, "acme", "root")
    token = log_in(app, "other", "boss").json["access_token"]
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 400
    assert "acme" not in answer.text and "other" not in answer.text


def test_the_same_user_id_is_somebody_else_in_the_other_enterprise(
    app: Any, notes: Enterprise, twin: Enterprise
) -> None:
    here, there = Caller(app, "acme", "root").log_in(), Caller(app, "other", "boss").log_in()
    mine, theirs = here.get("/me").json, there.get("/me").json
    assert mine["id"] == theirs["id"]
    assert (mine["username"], mine["enterprise"]["slug"]) == ("root", "acme")
    assert (theirs["username"], theirs["enterprise"]["slug"]) == ("boss", "other")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_flask_login_and_flask_appbuilder_see_the_confirmed_person_only(
    app: Any, notes: Enterprise, twin: Enterprise
) -> None:
    from flask import g
    from flask_appbuilder.security.sqla.models import User
    from flask_login import current_user

    def who() -> dict[str, Any]:
        sm = app.extensions["appbuilder"].sm
        orm = sm.get_user_by_id(current_user.id)
        return {
            "login": current_user.username,
            "g": g.user.username,
            "orm": orm.username,
            "other": sm.load_user(999) is None,
            "count": sm.session.query(User).count(),
        }

    app.add_url_rule("/api/v1/who", "who", who)
    for slug, username in (("acme", "root"), ("other", "boss"), ("acme", "lin"), ("other", "xu")):
        said = Caller(app, slug, username).log_in().get("/who").json
        assert said == {"login": username, "g": username, "orm": username, "other": True, "count": 4}


def test_a_forged_claim_is_worth_nothing(app: Any, notes: Enterprise, twin: Enterprise) -> None:
    import jwt

    token = log_in(app, "acme", "root").json["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    moved = {**claims, "enterprise": "other"}
    client = app.test_client(use_cookies=False)
    key = app.config["SECRET_KEY"]
    for forged in (
        jwt.encode(moved, "x" * 40, "HS256"),
        jwt.encode(moved, None, "none"),
        token[:-4] + "AAAA",
        "",
        "a.b.c",
        token + "x",
        jwt.encode(moved, key, "HS256"),  # even signed: that session is not one of the other enterprise
        jwt.encode({k: v for k, v in claims.items() if k != "session"}, key, "HS256"),
    ):
        answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401, forged
    refresh = log_in(app, "acme", "root").json["refresh_token"]
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {refresh}"}).status_code == 401
    assert client.post("/api/v1/security/refresh", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_refresh_token_gives_a_new_access_token_while_the_log_in_counts(app: Any, notes: Enterprise) -> None:
    tokens = log_in(app, "acme", "lin").json
    client = app.test_client(use_cookies=False)
    fresh = client.post("/api/v1/security/refresh", headers={"Authorization": f"Bearer {tokens['refresh_token']}"})
    assert fresh.status_code == 200
    bearer = {"Authorization": f"Bearer {fresh.json['access_token']}"}
    assert client.get("/api/v1/me", headers=bearer).json["username"] == "lin"
    assert client.post("/logout", headers=bearer).status_code == 204
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    again = client.post("/api/v1/security/refresh", headers={"Authorization": f"Bearer {tokens['refresh_token']}"})
    assert again.status_code == 401


def test_a_copied_cookie_ends_with_the_log_out(app: Any, notes: Enterprise) -> None:
    client = browser(app, "acme", "lin")
    stolen = client.get_cookie("yuanke").value
    thief = app.test_client()
    thief.set_cookie("yuanke", stolen)
    assert thief.get("/api/v1/me").json["username"] == "lin"
    other_place = browser(app, "acme", "lin")
    assert client.post("/logout", headers={"X-CSRF-Token": client.token}).status_code == 302
    thief.set_cookie("yuanke", stolen)
    assert thief.get("/api/v1/me").status_code == 401
    assert other_place.get("/api/v1/me").status_code == 200, "only this log-in ends"


def test_a_log_in_starts_from_an_empty_cookie(app: Any, notes: Enterprise) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(enterprise="acme", session="fixed-by-the-attacker", left="over")
    client.get("/login")
    fresh = browser(app, "acme", "lin")
    with fresh.session_transaction() as session:
        assert session["session"] != "fixed-by-the-attacker" and len(session["session"]) >= 43
        assert "left" not in session


ENDINGS: dict[str, Callable[[Any, int], None]] = {
    "password reset": lambda unit, user: people.set_password(unit, user, PASSWORD + "2"),
    "disabled": lambda unit, user: people.deactivate(unit, user),
    "left": lambda unit, user: people.deactivate(unit, user, "left"),
    "all ended": lambda unit, user: sessions.end_all(unit, user),
    "everybody ended": lambda unit, _user: sessions.end_everybody(unit),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_trust_ends_cookie_token_and_refresh_at_once(
    app: Any, notes: Enterprise, installation: Installation, ending: str
) -> None:
    client, caller = browser(app, "acme", "lin"), Caller(app, "acme", "lin").log_in()
    user = caller.get("/me").json["id"]
    assert client.get("/api/v1/me").status_code == 200
    with installation.unit(notes, write=True) as unit:
        ENDINGS[ending](unit, user)
    assert client.get("/api/v1/me").status_code == 401
    assert caller.get("/me").status_code == 401
    bearer = {"Authorization": f"Bearer {caller.tokens['refresh_token']}"}
    assert caller.client.post("/api/v1/security/refresh", headers=bearer).status_code == 401


def test_a_suspended_enterprise_answers_nobody_and_comes_back(
    app: Any, notes: Enterprise, installation: Installation
) -> None:
    caller = Caller(app, "acme", "lin").log_in()
    set_state(installation, "acme", state="suspended")
    assert caller.get("/me").status_code == 401
    app.installation.directory._kept.clear()
    refused = log_in(app, "acme", "lin")
    assert refused.status_code == 401 and "停用" in refused.json["detail"]
    assert "停用" not in log_in(app, "acme", "lin", "wrong").json["detail"], "only who knows the password is told"
    set_state(installation, "acme", state="active")
    assert Caller(app, "acme", "lin").log_in().get("/me").status_code == 200


def test_an_expired_enterprise_is_told_to_pay(app: Any, notes: Enterprise, installation: Installation) -> None:
    from datetime import timedelta

    from yuanke.kernel import clock

    caller = Caller(app, "acme", "lin").log_in()
    set_state(installation, "acme", expires=clock.today())
    assert caller.get("/me").status_code == 200, "the last day counts"
    set_state(installation, "acme", expires=clock.today() - timedelta(days=1))
    assert caller.get("/me").status_code == 401


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_changed_role_is_felt_by_the_next_request(app: Any, notes: Enterprise, installation: Installation) -> None:
    caller = Caller(app, "acme", "lin").log_in()
    assert caller.post("/records/folder", {"name": "A"}).status_code == 403
    user = caller.get("/me").json["id"]
    with installation.unit(notes, write=True) as unit:
        people.set_roles(unit, user, ["chief"])
    assert caller.post("/records/folder", {"name": "A"}).status_code == 201
    with installation.unit(notes, write=True) as unit:
        people.set_roles(unit, user, [])
    assert caller.post("/records/folder", {"name": "B"}).status_code == 403
    assert caller.get("/me").json["roles"] == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_rights_changed_through_flask_appbuilders_own_session_are_felt_too(app: Any, notes: Enterprise) -> None:
    from flask_appbuilder.security.sqla.models import Role, User

    def promote() -> str:
        session = app.extensions["appbuilder"].session
        user = session.query(User).filter_by(username="lin").one()
        user.roles = [session.query(Role).filter_by(name="chief").one()]
        session.commit()
        return "done"

    app.add_url_rule("/api/v1/promote", "promote", promote, methods=["POST"])
    lin, root = Caller(app, "acme", "lin").log_in(), Caller(app, "acme", "root").log_in()
    assert lin.get("/me").json["roles"] == ["clerk"]
    assert root.post("/promote").status_code == 200
    assert lin.get("/me").json["roles"] == ["chief"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_commit_inside_is_undone_with_the_request(app: Any, notes: Enterprise) -> None:
    from flask_appbuilder.security.sqla.models import Role

    def half() -> Any:
        session = app.extensions["appbuilder"].session
        session.add(Role(name="ghost"))
        session.commit()
        return {"refused": True}, 409

    app.add_url_rule("/api/v1/half", "half", half, methods=["POST"])

    def ghosts() -> dict[str, int]:
        return {"count": app.extensions["appbuilder"].session.query(Role).filter_by(name="ghost").count()}

    app.add_url_rule("/api/v1/ghosts", "ghosts", ghosts)
    root = Caller(app, "acme", "root").log_in()
    assert root.post("/half").status_code == 409
    assert root.get("/ghosts").json == {"count": 0}


def test_cleaning_up_flask_appbuilders_way_is_refused(app: Any, notes: Enterprise) -> None:
    from yuanke.kernel.errors import Refused

    builder = app.extensions["appbuilder"]
    with app.app_context(), pytest.raises(Refused):
        builder.security_cleanup()
    with app.app_context(), pytest.raises(Refused):
        builder.sm.security_converge([], [])

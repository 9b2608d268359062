"""One enterprise that asks too much is told to wait; the others do not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import TooManyRequests
from yuanke.web.limits import EnterpriseLimit

from tests.served import NOTES, Caller, browser, log_in


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def app(home: Any, database_url: str | None) -> Iterator[Any]:
    from yuanke.app import create_app

    made = create_app({"YUANKE_HOME": home, "YUANKE_DATABASE_URL": database_url, "ENTERPRISE_LIMIT": "30 per 1 minute"})
    yield made
    made.installation.close()


def test_the_loud_one_waits_and_the_others_do_not(
    app: Any, notes: Enterprise, enterprise: Callable[..., Enterprise], staff: Callable[..., int]
) -> None:
    staff(enterprise(NOTES, slug="other", label="另一家"), "wei", "clerk")
    loud, calm = Caller(app, "acme", "lin").log_in(), Caller(app, "other", "wei").log_in()
    page = browser(app, "acme", "yu")
    codes = [loud.get("/me").status_code for _ in range(34)]
    assert codes == [200] * 30 + [429] * 4
    refused = loud.post("/records/note", {"title": "x"})
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert page.get("/records/note").status_code == 429, "screens and API count together"
    assert calm.get("/me").status_code == 200 and calm.post("/records/note", {"title": "x"}).status_code == 201
    assert log_in(app, "acme", "lin").status_code == 200, "logging in is counted by its own limits"
    assert app.test_client().get("/health").status_code == 200


def test_what_the_database_does_not_confirm_spends_nobodys_share(app: Any, notes: Enterprise) -> None:
    lin = Caller(app, "acme", "lin").log_in()
    client = app.test_client(use_cookies=False)
    for number in range(60):
        client.get("/api/v1/me", headers={"Authorization": f"Bearer yk_acme.{number}.x"})
        client.get("/api/v1/me", headers={"Authorization": "Bearer forged"})
        client.get("/api/v1/me")
    assert lin.get("/me").status_code == 200


def test_no_limit_and_one_that_is_none() -> None:
    free = EnterpriseLimit("memory://", "off")
    for _ in range(5000):
        free.count("acme")
    free.check("acme")
    with pytest.raises(SystemExit, match="YUANKE_ENTERPRISE_LIMIT"):
        EnterpriseLimit("memory://", "plenty")
    tight = EnterpriseLimit("memory://", "1 per 10 seconds")
    tight.count("acme")
    with pytest.raises(TooManyRequests):
        tight.check("acme")
    tight.check("other")

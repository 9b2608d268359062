"""Automations and hooks over REST: for administrators, and for other systems with a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from yuanke import jobs
from yuanke.kernel.actor import Enterprise
from yuanke.workflow.automations.incoming import sign

from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def reach(app: Any, front_desk: Enterprise) -> Any:
    return lambda name: Caller(app, "acme", name).log_in()


@pytest.fixture
def order(reach) -> int:
    return reach("chief").post("/records/order_in", {"number_in": "A1"}).json["id"]


@pytest.fixture
def hook(app: Any, reach: Any) -> Iterator[Any]:
    """Calls as the other system does."""
    secret = reach("root").post("/automations/order_in/paid/secret").json["secret"]
    client = app.test_client(use_cookies=False)

    def call(
        body: Any,
        address: str = "acme.order_in.paid",
        shown: str | None = "secret",
        at: int | None = None,
        id: str = "m1",
    ):
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        moment = str(at if at is not None else int(time.time()))
        if shown == "secret":
            headers["Authorization"] = f"Bearer {secret}"
        elif shown == "signature":
            headers |= {
                "webhook-id": id,
                "webhook-timestamp": moment,
                "webhook-signature": sign(secret, id, moment, raw),
            }
        elif shown is not None:
            headers["Authorization"] = f"Bearer {shown}"
        return client.post(f"/api/v1/hooks/{address}", data=raw, headers=headers)

    call.secret = secret
    yield call


def amount(reach: Any, order: int) -> str | None:
    return reach("chief").get(f"/records/order_in/{order}").json["amount"]


def test_an_administrator_sees_all_with_how_they_run_and_nobody_else_sees_any(reach):
    root = reach("root")
    found = {one["key"]: one for one in root.get("/automations").json["result"]}
    assert found["visit.welcome"]["label"] == "欢迎" and found["visit.welcome"]["trigger"] == "after"
    assert found["chore.chase"]["next"] and not found["chore.hourly"]["active"]
    assert root.get("/automations/visit/welcome").json["key"] == "visit.welcome"
    assert root.get("/automations/visit/nothing").status_code == 404
    for name in ("chief", "ann"):
        assert reach(name).get("/automations").status_code == 404
        assert reach(name).post("/automations/visit/welcome/pause").status_code == 404


def test_pause_and_resume(reach, app):
    root, chief = reach("root"), reach("chief")
    assert root.post("/automations/visit/welcome/pause").json["paused"] is True
    chief.post("/records/visit", {"name": "甲", "amount": "150"})
    jobs.run_pending(app.installation, "acme")
    assert root.get("/automations/visit/welcome/runs").json["result"] == []
    assert root.post("/automations/visit/welcome/resume").json["paused"] is False
    made = chief.post("/records/visit", {"name": "乙", "amount": "150"}).json
    jobs.run_pending(app.installation, "acme")
    (run,) = root.get("/automations/visit/welcome/runs").json["result"]
    assert (run["state"], run["record"], run["event"]) == ("done", made["id"], "create")
    assert root.get("/automations/visit/welcome").json["runs"] == {"done": 1}


def test_a_dry_run_tells_and_changes_nothing(reach):
    made = reach("chief").post("/records/visit", {"name": "甲", "amount": "150"}).json
    root = reach("root")
    found = root.post("/automations/visit/welcome/dry-run", {"record": made["id"]}).json
    assert found["state"] == "done" and found["changes"][0]["changes"]["text"] == [None, "甲"]
    assert root.get("/records/entry").json["result"] == []
    assert root.post("/automations/visit/welcome/dry-run", {"record": 99}).status_code == 404
    assert root.post("/automations/visit/welcome/dry-run", {"record": "x"}).status_code == 404
    assert root.post("/automations/visit/welcome/dry-run", {"wrong": 1}).status_code == 422


@pytest.mark.parametrize("shown", ["secret", "signature"])
def test_a_call_that_shows_its_secret_or_is_signed_with_it_runs(reach, app, hook, order, shown):
    answer = hook({"number": "A1", "amount": "12.50"}, shown=shown)
    assert answer.status_code == 202, answer.text
    jobs.run_pending(app.installation, "acme")
    assert amount(reach, order) == "12.50"
    assert reach("chief").get(f"/records/order_in/{order}").json["state"] == "paid"


def test_the_same_call_twice_runs_once(reach, app, hook, order):
    first = hook({"number": "A1", "amount": "1"}, shown="signature")
    second = hook({"number": "A1", "amount": "1"}, shown="signature")
    assert first.json == second.json
    jobs.run_pending(app.installation, "acme")
    assert [run["state"] for run in reach("root").get("/automations/order_in/paid/runs").json["result"]] == ["done"]


def test_a_forged_an_old_and_a_changed_call_are_refused_and_change_nothing(reach, app, hook, order):
    assert hook({"number": "A1"}, shown=None).status_code == 401
    assert hook({"number": "A1"}, shown="whsec_wrong").status_code == 401
    assert hook({"number": "A1"}, shown="signature", at=int(time.time()) - 3600).status_code == 401
    moment = str(int(time.time()))
    headers = {
        "Content-Type": "application/json", "webhook-id": "m2", "webhook-timestamp": moment,
        "webhook-signature": sign(hook.secret, "m2", moment, b'{"number": "A1"}'),
    }  # fmt: skip
    other = app.test_client(use_cookies=False).post(
        "/api/v1/hooks/acme.order_in.paid", data=b'{"number": "A2"}', headers=headers
    )
    assert other.status_code == 401
    assert jobs.run_pending(app.installation, "acme") == 0


def test_an_address_that_is_none_tells_a_stranger_nothing(hook):
    answers = [
        hook({}, address=address)
        for address in ("acme.order_in.nothing", "acme.visit.welcome", "acme.order_in.arrived", "nobody.order_in.paid", "acme", "x")
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_what_is_sent_is_checked_by_its_fields(hook, order):
    answer = hook({"number": "A1", "amount": "much", "more": 1})
    assert answer.status_code == 422
    assert {fault["field"] for fault in answer.json["errors"]} == {"amount", "more"}
    assert {fault["field"] for fault in hook({}).json["errors"]} == {"number"}
    assert hook({"number": "unknown"}).status_code == 422
    assert hook([1]).status_code == 400


def test_a_new_secret_ends_the_one_before(reach, hook, order):
    reach("root").post("/automations/order_in/paid/secret")
    assert hook({"number": "A1"}).status_code == 401
    assert reach("root").post("/automations/visit/welcome/secret").status_code == 404


def test_jobs_are_listed_filtered_and_put_back(reach, app):
    chief, root = reach("chief"), reach("root")
    made = chief.post("/records/visit", {"name": "甲"}).json
    chief.patch(f"/records/visit/{made['id']}", {"note": "refuse"})
    jobs.run_pending(app.installation, "acme")
    (failed,) = root.get("/jobs?state=failed").json["result"]
    assert (failed["kind"], failed["label"], failed["attempts"]) == ("automation", "自动化", 1)
    assert root.get("/jobs?state=nothing").status_code == 400
    assert chief.get("/jobs?state=failed").json["result"] == []  # it is the engine's
    assert chief.post(f"/jobs/{failed['id']}/retry").status_code == 404
    assert root.post(f"/jobs/{failed['id']}/retry").json["state"] == "queued"
    assert root.post(f"/jobs/{failed['id']}/retry").status_code == 409
    assert root.post(f"/jobs/{failed['id']}/cancel").json["state"] == "cancelled"


def test_everything_here_is_described(reach):
    paths = reach("root").get("/openapi.json").json["paths"]
    assert "/api/v1/automations/{entity}/{name}/dry-run" in paths and "/api/v1/jobs/{id}/retry" in paths
    assert not any("automations" in path for path in reach("ann").get("/openapi.json").json["paths"])

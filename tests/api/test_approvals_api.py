"""Approvals over REST: the boxes, every verb, refusals that change nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.test_described import called
from tests.claims import make_company
from tests.served import Caller, templated

templated["firm"] = lambda installation: make_company(installation, "acme")
Firm = Callable[[str], Caller]


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def firm(app: Any) -> Firm:
    """``firm("li")`` is logged in, once a test."""
    known: dict[str, Caller] = {}

    def caller(name: str) -> Caller:
        if name not in known:
            known[name] = Caller(app, "acme", name).log_in()
        return known[name]

    return caller


def claim(firm: Firm, amount: str = "1500.00", who: str = "li", sent: bool = True) -> int:
    made = firm(who).post("/records/claim", {"name": "出差", "items": [{"what": "酒店", "amount": amount}]}).json["id"]
    if sent:
        answer = firm(who).post(f"/records/claim/{made}/transitions/submit", {})
        assert answer.status_code == 200, answer.text
    return int(made)


def todo(firm: Firm, who: str) -> dict[str, Any]:
    return dict(firm(who).get("/approvals").json["result"][0])


def test_a_claim_is_submitted_decided_and_happens(firm: Firm) -> None:
    number = claim(firm)
    assert firm("li").get(f"/records/claim/{number}").json["approval"] == "submitted"
    line = todo(firm, "zhu")
    assert (line["title"], line["amount"], line["step"], line["applicant"]["title"]) == (
        "出差",
        "1500.00",
        "部门主管",
        "Li",
    )
    answer = firm("zhu").post(f"/approvals/{line['task']}/approve", {"note": "同意"})
    assert answer.status_code == 200 and answer.json["state"] == "pending"
    assert [(one["key"], one["state"]) for one in answer.json["steps"]] == [
        ("manager", "passed"),
        ("finance", "open"),
        ("boss", "waiting"),
    ]
    assert answer.json["steps"][2]["reason"] == "when" and answer.json["steps"][0]["people"][0]["note"] == "同意"
    task = todo(firm, "cai")["task"]
    row = firm("cai").get(f"/records/claim/{number}").json["items"][0]["id"]
    values = {"items": [{"id": row, "approved_amount": "1400.00"}]}
    answer = firm("cai").post(f"/approvals/{task}/approve", {"values": values})
    assert answer.json["state"] == "approved"
    stands = firm("li").get(f"/records/claim/{number}").json
    assert (stands["state"], stands["approval"], stands["approved_total"]) == ("approved", "approved", "1400.00")
    told = [entry for entry in firm("li").get(f"/records/claim/{number}/history").json["result"] if "told" in entry]
    assert told[1]["verb"] == "approval.approve" and told[1]["told"] == {
        "step": ["部门主管", "Manager"],
        "note": "同意",
    }


def test_the_boxes(firm: Firm) -> None:
    number = claim(firm)
    firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/approve", {})
    assert firm("zhu").get("/approvals").json["count"] == 0
    assert firm("zhu").get("/approvals?box=done").json["result"][0]["verdict"] == "agreed"
    mine = firm("li").get("/approvals?box=mine").json["result"][0]
    assert (mine["record"], mine["task"], mine["step"]) == (number, None, "财务")
    first = firm("cai").get("/approvals?limit=1&q=出差&entity=claim")
    assert first.json["count"] == 1 and first.json["next"] is None
    for query in ("box=all", "limit=0", "after=x", "nothing=1", "box=todo&box=done"):
        assert firm("cai").get(f"/approvals?{query}").status_code == 400


def test_rejected_returned_reassigned_and_signed(firm: Firm) -> None:
    number = claim(firm, "20000.00")
    assert firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/reject", {}).status_code == 422
    signed = firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/add_signer", {"users": ["cao"], "note": "看票"})
    assert signed.status_code == 200, signed.text
    firm("cao").post(f"/approvals/{todo(firm, 'cao')['task']}/approve", {})
    firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/approve", {})
    firm("cai").post(f"/approvals/{todo(firm, 'cai')['task']}/approve", {})
    back = firm("bao").post(f"/approvals/{todo(firm, 'bao')['task']}/return", {"note": "再核", "to": "finance"})
    assert back.status_code == 200 and back.json["steps"][1]["earlier"][-1]["verdict"] == "agreed"
    moved = firm("cai").post(f"/approvals/{todo(firm, 'cai')['task']}/reassign", {"user": "zhu"})
    assert moved.status_code == 200, moved.text
    gone = firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/reject", {"note": "不同意"})
    assert gone.json["state"] == "rejected"
    assert firm("li").get(f"/records/claim/{number}").json["state"] == "rejected"


def test_withdrawn_reminded_copied_and_renewed(firm: Firm) -> None:
    number = claim(firm, "500.00")
    approval = firm("li").get(f"/approvals/of/claim/{number}").json["result"][0]
    at = f"/approvals/{approval['id']}"
    assert approval["mine"]["withdraw"] and approval["mine"]["remind"]
    assert firm("li").post(f"{at}/remind", {}).status_code == 200
    assert firm("li").post(f"{at}/remind", {}).status_code == 409
    assert firm("li").post(f"{at}/cc", {"users": ["cao"]}).status_code == 200
    assert firm("cao").get("/approvals?box=cc").json["result"][0]["unread"] is True
    assert firm("li").post(f"{at}/withdraw", {"note": "写错了"}).json["state"] == "withdrawn"
    firm("li").post(f"/records/claim/{number}/transitions/submit", {})
    firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/approve", {})
    firm("bao").patch(f"/records/claim/{number}", {"memo": "改了"})
    seen = firm("li").get(f"/approvals/of/claim/{number}").json["result"][0]
    assert (
        seen["differences"] == [{"field": "memo", "row": None, "before": None, "after": "改了"}]
        and seen["mine"]["renew"]
    )
    assert firm("li").post(f"/approvals/of/claim/{number}/renew", {}).json["again"] is True


def test_what_is_not_mine_is_not_there_and_nothing_changes(firm: Firm) -> None:
    """The caller of these tests holds every refusal to leave the database as it was."""
    claim(firm)
    task, approval = todo(firm, "zhu")["task"], todo(firm, "zhu")["approval"]
    for who in ("wang", "gao", "cai", "root", "li"):
        for verb, body in (
            ("approve", {}),
            ("reject", {"note": "x"}),
            ("return", {"note": "x"}),
            ("add_signer", {"users": ["cai"]}),
        ):
            assert firm(who).post(f"/approvals/{task}/{verb}", body).status_code == 404, (who, verb)
    for who, status in (("wang", 404), ("gao", 404), ("cai", 403), ("zhu", 403)):
        assert firm(who).post(f"/approvals/{approval}/withdraw", {}).status_code == status, who
    assert (
        firm("gao").get(f"/approvals/{approval}").status_code
        == 404
        == firm("wang").get(f"/approvals/{approval}").status_code
    )
    assert firm("zhu").post("/approvals/999/approve", {}).status_code == 404
    assert firm("li").patch("/records/claim/1", {"memo": "x"}).status_code == 409
    assert firm("zhu").post(f"/approvals/{task}/approve", {"version": 1}).status_code == 422


def test_the_second_of_two_gets_409_with_a_sentence(firm: Firm) -> None:
    claim(firm)
    firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/approve", {})
    task = todo(firm, "cao")["task"]
    firm("cai").post(f"/approvals/{todo(firm, 'cai')['task']}/approve", {})
    late = firm("cao").post(f"/approvals/{task}/approve", {})
    assert late.status_code == 409 and late.json["detail"] == "这项审批已经通过"


def test_a_post_that_arrives_twice_counts_once(firm: Firm) -> None:
    claim(firm)
    task, key = todo(firm, "zhu")["task"], {"Idempotency-Key": "a1"}
    first = firm("zhu").post(f"/approvals/{task}/approve", {}, headers=key)
    again = firm("zhu").post(f"/approvals/{task}/approve", {}, headers=key)
    assert first.status_code == again.status_code == 200 and first.json == again.json


def test_several_at_once_each_for_itself(firm: Firm) -> None:
    for _ in range(3):
        claim(firm, "500.00")
    tasks = [line["task"] for line in firm("zhu").get("/approvals").json["result"]]
    done = firm("zhu").post("/approvals/batch", {"verb": "approve", "tasks": [*tasks, 999], "note": "同意"})
    assert [one["status"] for one in done.json["result"]] == ["done", "done", "done", "failed"]
    assert done.json["result"][3]["error"]["code"] == "not_found"
    assert firm("zhu").get("/approvals").json["count"] == 0
    assert firm("zhu").post("/approvals/batch", {"verb": "return", "tasks": tasks}).status_code == 422


def test_files_of_a_decision_are_opened_by_who_reads_the_record(firm: Firm) -> None:
    number = claim(firm, "500.00")
    upload = {"data": {"file": (io.BytesIO("票".encode()), "票.txt")}, "content_type": "multipart/form-data"}
    file = firm("zhu").post("/files", **upload).json["id"]
    firm("zhu").post(f"/approvals/{todo(firm, 'zhu')['task']}/approve", {"files": [file]})
    seen = firm("li").get(f"/approvals/of/claim/{number}").json["result"][0]["steps"][0]["people"][0]
    assert [one["name"] for one in seen["files"]] == ["票.txt"]
    where = f"/files/{file}?entity=approval_task&record={seen['task']}"
    assert firm("li").get(where).data.decode() == "票"
    assert firm("wang").get(where).status_code == 404 == firm("gao").get(where).status_code
    assert firm("li").get(f"/files/{file}").status_code == 404


def test_approvals_keep_what_they_say_of_themselves(firm: Firm) -> None:
    claim(firm)
    seen = called(firm("zhu"), 12, lambda path: path.startswith("/api/v1/approvals"))
    assert sum(seen.values()) > 60, seen

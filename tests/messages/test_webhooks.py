"""Signed calls: what a receiver can rely on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest
from yuanke import messages
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.errors import ValidationFailed
from yuanke.messages import circuits, errands
from yuanke.messages.account import outgoing
from yuanke.messages.webhooks import signature

from tests.messages.conftest import Firm, Receiver


def call(firm: Firm, target: str, event: str = "deal.win", payload: Any = None) -> str:
    with firm.unit() as unit:
        made = messages.webhook(unit, target, event, payload or {"id": 7})
    firm.run()
    return made


def hook(firm: Firm, receiver: Receiver, **values: Any) -> int:
    return firm.door("root", lambda r: r.create("webhook", {"name": "erp", "url": receiver.url, **values}).id)


def state(firm: Firm) -> list[tuple[str, Any]]:
    return [(job.state, job.error["text"] if job.error else None) for job in firm.jobs("webhook")]


def verified(secret: str, got: tuple[str, dict[str, str], bytes], now: float | None = None) -> bool:
    """As a receiver checks it, by the text of the standard."""
    _path, headers, body = got
    if abs((now or time.time()) - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{right}" in headers["webhook-signature"].split(" ")


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the specification of Standard Webhooks."""
    said = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_named_webhook_is_called_with_the_event_signed_by_its_secret(firm: Firm, receiver: Receiver) -> None:
    made = hook(firm, receiver)
    event = call(firm, "erp", "deal.win", {"id": 7, "amount": 12, "名称": "之江"})
    row = firm.door("root", lambda r: r.get("webhook", made)).values
    assert row["secret"].startswith("whsec_") and len(base64.b64decode(row["secret"][6:])) == 24
    assert receiver.json()["type"] == "deal.win" and receiver.json()["data"] == {"id": 7, "amount": 12, "名称": "之江"}
    got = receiver.got[0]
    assert got[1]["webhook-id"] == event and got[1]["content-type"] == "application/json"
    assert verified(row["secret"], got)
    assert not verified("whsec_" + base64.b64encode(b"x" * 24).decode(), got)
    assert not verified(row["secret"], (got[0], got[1], got[2] + b" "))
    assert not verified(row["secret"], got, time.time() + 3_600)
    assert row["last_status"].startswith("200") and row["failures"] == 0 and row["last_at"] is not None


def test_a_bare_address_is_called_with_the_secret_of_the_enterprise(firm: Firm, receiver: Receiver) -> None:
    call(firm, receiver.url)
    call(firm, receiver.url)
    with firm.unit() as unit:
        secret = outgoing(unit)["secret"]
    assert len(receiver.got) == 2 and all(verified(secret, got) for got in receiver.got)


def test_a_call_that_fails_is_made_again_with_the_same_id_and_body(firm: Firm, receiver: Receiver) -> None:
    made = hook(firm, receiver)
    receiver.answers = [(503, "busy", {}), (302, "", {"Location": "http://127.0.0.1:1/"})]
    call(firm, "erp")
    row = firm.jobs("webhook")[0]
    assert row.state == "queued" and row.run_at > clock.now() and row.error["text"] == "对方回答 {status}：{said}"
    _later(firm)
    assert firm.door("root", lambda r: r.get("webhook", made)).values["failures"] == 2
    _later(firm)
    assert state(firm) == [("done", None)] and len(receiver.got) == 3
    assert len({(got[1]["webhook-id"], got[2]) for got in receiver.got}) == 1
    assert firm.door("root", lambda r: r.get("webhook", made)).values["failures"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_receiver_that_says_it_is_gone_is_not_asked_again(firm: Firm, receiver: Receiver) -> None:
    hook(firm, receiver)
    receiver.answers = [(410, {}, {})]
    call(firm, "erp")
    assert state(firm)[0][0] == "failed"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_unknown_and_inactive_webhooks_end_their_job_and_not_the_act_that_calls_them(
    firm: Firm, receiver: Receiver
) -> None:
    hook(firm, receiver, active=False)
    call(firm, "erp")
    call(firm, "nobody")
    assert state(firm) == [("failed", "网络钩子“{name}”已停用"), ("failed", "没有名为 {name} 的网络钩子")]
    assert receiver.got == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_inner_addresses_are_refused_also_behind_a_record(firm: Firm, receiver: Receiver, monkeypatch: Any) -> None:
    hook(firm, receiver)
    monkeypatch.delenv("YUANKE_ALLOW_ADDRESSES")
    call(firm, "erp")
    call(firm, f"http://localhost:{receiver.port}/")
    assert state(firm) == [("failed", "不能访问 {host}：它在内网，或不是公网地址")] * 2 and receiver.got == []


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("url", ["http://a:b@example.com/", "http://example.com:22/", "https://example.com:6/"])
def test_an_address_that_may_never_be_called_is_told_at_its_field(firm: Firm, receiver: Receiver, url: str) -> None:
    with pytest.raises(ValidationFailed) as fault:
        hook(firm, receiver, url=url)
    assert "url" in fault.value.errors


def test_after_five_failures_in_a_row_the_other_side_is_left_alone(firm: Firm, receiver: Receiver) -> None:
    receiver.answers = [(500, "", {})] * 5
    for _ in range(7):
        call(firm, receiver.url)
    assert len(receiver.got) == 5
    assert [text for _state, text in state(firm)][5:] == ["{target} 接连失败，暂停访问"] * 2
    with firm.unit(write=False) as unit:
        until = circuits.open_until(unit, f"http://127.0.0.1:{receiver.port}")
    assert until is not None and 0 < (until - clock.now()).total_seconds() <= 60
    with clock.stopped(until):
        _later(firm)
    assert len(receiver.got) > 5
    with firm.unit(write=False) as unit:
        assert circuits.open_until(unit, f"http://127.0.0.1:{receiver.port}") is None


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_webhook_that_fails_for_long_is_switched_off_and_the_administrator_told(
    firm: Firm, receiver: Receiver, monkeypatch: Any
) -> None:
    monkeypatch.setattr(errands, "MOST_FAILURES", 2)
    made = hook(firm, receiver)
    receiver.answers = [(500, "", {})] * 2
    call(firm, "erp")
    call(firm, "erp")
    row = firm.door("root", lambda r: r.get("webhook", made)).values
    assert row["active"] is False
    assert firm.texts("root") == ["网络钩子“erp”接连失败 2 次，已停用"]
    firm.door("root", lambda r: r.update("webhook", made, {"active": True}))
    assert firm.door("root", lambda r: r.get("webhook", made)).values["failures"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_nobody_but_an_administrator_sees_webhooks(firm: Firm, receiver: Receiver) -> None:
    hook(firm, receiver)
    from yuanke.kernel.errors import AccessDenied

    with pytest.raises(AccessDenied):
        firm.door("mo", lambda r: r.list("webhook"))


# -- events -------------------------------------------------------------------------------------------------------


def test_subscribers_hear_that_a_record_moved_and_nothing_of_what_is_in_it(firm: Firm, receiver: Receiver) -> None:
    hook(firm, receiver, events=["deal.create", "deal.delete"])
    hook(firm, receiver, name="all", events=["*"], url=f"{receiver.url}/all")
    deal = firm.deal(subject="机密")
    firm.door("mo", lambda r: r.update("deal", deal, {"subject": "更机密"}))
    firm.door("mo", lambda r: r.delete("deal", deal))
    firm.run()
    got = sorted((path, receiver.json(at)["type"]) for at, (path, _headers, _body) in enumerate(receiver.got))
    assert got == [("/hook", "deal.create"), ("/hook", "deal.delete"),
                   ("/hook/all", "deal.create"), ("/hook/all", "deal.delete"), ("/hook/all", "deal.update")]  # fmt: skip
    assert receiver.json(0)["data"] == {"entity": "deal", "id": deal, "by": firm.ids["lin"]}
    assert not any("机密" in body.decode() for _path, _headers, body in receiver.got)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_save_that_is_rolled_back_announces_nothing(firm: Firm, receiver: Receiver) -> None:
    hook(firm, receiver, events=["*"])
    with pytest.raises(RuntimeError), firm.unit() as unit:
        from yuanke.records import Records

        Records(unit, firm.actor(unit, "mo")).create("deal", {"subject": "x"})
        raise RuntimeError
    firm.run()
    assert receiver.got == []


def _later(firm: Firm) -> None:
    with firm.unit() as unit:
        unit.execute(JOB.update().where(JOB.c.state == "queued", JOB.c.kind == "webhook").values(run_at=clock.now()))
    firm.run()

"""Robots of chat groups: each vendor's call as it is described, made and judged by the real code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from yuanke import messages
from yuanke.kernel import clock
from yuanke.messages import Addressee, Letter
from yuanke.messages.channels import channels

from tests.messages.conftest import Firm, Receiver

NOW = datetime(2026, 11, 25, 1, 2, 3, 456_000, timezone.utc)
OK: dict[str, Any] = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0},
    "feishu": {"code": 0, "msg": "success"},
}
BUSY: dict[str, Any] = {"wecom": {"errcode": 45009}, "dingtalk": {"errcode": 130101}, "feishu": {"code": 9499}}
WRONG: dict[str, Any] = {"wecom": {"errcode": 93000}, "dingtalk": {"errcode": 310000}, "feishu": {"code": 19021}}


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def robot(firm: Firm, receiver: Receiver, format: str = "wecom", **values: Any) -> int:
    given = {"name": format, "format": format, "url": receiver.url, **values}
    return firm.door("root", lambda r: r.create("webhook", given).id)


def tell(firm: Firm, to: list[str], text: str = "之江扩容 已赢单", kind: str = "notice", **more: Any) -> None:
    with firm.unit() as unit:
        messages.notify(unit, [firm.ids[name] for name in to], text, kind=kind, **more)
    firm.run()


def hashed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_wecom_is_told_the_text_and_whom_to_name(firm: Firm, receiver: Receiver) -> None:
    receiver.answers = [(200, OK["wecom"], {})]
    robot(firm, receiver)
    tell(firm, ["mo"])
    assert receiver.json() == {
        "msgtype": "text",
        "text": {"content": "之江扩容 已赢单", "mentioned_mobile_list": ["13800001111"]},
    }


def test_who_has_no_number_is_named_in_the_text(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver)
    tell(firm, ["mo", "lin"])
    assert receiver.json()["text"] == {"content": "之江扩容 已赢单\n@Mo @Lin", "mentioned_mobile_list": ["13800001111"]}


def test_dingtalk_is_signed_in_its_address(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver, "dingtalk", url=f"{receiver.url}?access_token=abc", secret="SECxyz")
    with clock.stopped(NOW):
        tell(firm, ["mo"])
    asked = parse_qs(urlsplit(receiver.got[0][0]).query)
    instant = str(int(NOW.timestamp() * 1000))
    assert asked == {"access_token": ["abc"], "timestamp": [instant], "sign": [hashed("SECxyz", f"{instant}\nSECxyz")]}
    assert receiver.json()["at"] == {"atMobiles": ["13800001111"], "isAtAll": False}


def test_feishu_is_signed_in_its_body(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver, "feishu", secret="geheim")
    with clock.stopped(NOW):
        tell(firm, ["mo"])
    instant = str(int(NOW.timestamp()))
    assert receiver.json() == {
        "timestamp": instant, "sign": hashed(f"{instant}\ngeheim", ""), "msg_type": "text", "content": {"text": "之江扩容 已赢单\n@Mo"},
    }  # fmt: skip


def test_without_a_secret_nothing_is_signed(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver, "feishu")
    robot(firm, receiver, "dingtalk")
    tell(firm, ["mo"])
    assert sorted(receiver.json(0)) == ["content", "msg_type"] and receiver.got[1][0] == "/hook"


@pytest.mark.parametrize("format", ["wecom", "dingtalk", "feishu"])
def test_what_a_vendor_answers_decides(firm: Firm, receiver: Receiver, format: str) -> None:
    robot(firm, receiver, format)
    receiver.answers = [(200, OK[format], {}), (200, BUSY[format], {}), (200, WRONG[format], {}), (502, b"<html>", {})]
    for _ in range(4):
        tell(firm, ["mo"])
    assert [job.state for job in firm.jobs("robot")] == ["done", "queued", "failed", "queued"]


@pytest.mark.parametrize("format", ["wecom", "dingtalk", "feishu"])
def test_a_long_text_is_cut_and_the_link_stays_whole(format: str) -> None:
    channel, url = channels()[format], "https://crm.example.com/records/deal/7"
    letter = Letter("长" * 20_000, (Addressee("林晓"),), url, "查看记录")
    body = channel.call("https://example.com/x", None, letter, NOW).body.decode()
    assert url in body and "…" in body and len(body.encode()) < {"wecom": 2_300}.get(format, 19_000)


def test_a_group_is_told_once_however_many_people_it_is_for(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver)
    tell(firm, ["mo", "lin", "yu", "root"])
    assert len(receiver.got) == 1 and len(firm.jobs("robot")) == 1


def test_a_robot_carries_the_kinds_and_the_person_it_is_for(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver, name="all", url=f"{receiver.url}/all", kinds=["approval"])
    robot(firm, receiver, name="lin", url=f"{receiver.url}/lin", person=firm.ids["lin"])
    tell(firm, ["mo", "lin"], kind="approval")
    tell(firm, ["mo", "lin"], kind="notice")
    tell(firm, ["mo"], kind="notice")
    assert sorted(path for path, _headers, _body in receiver.got) == ["/hook/all", "/hook/lin", "/hook/lin"]


def test_a_person_may_keep_his_messages_out_of_groups(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver)
    firm.prefer("lin", channels={"wecom": []})
    tell(firm, ["lin"])
    assert receiver.got == []
    tell(firm, ["lin", "mo"])
    assert "Lin" not in receiver.json()["text"]["content"]


def test_an_inactive_robot_says_nothing(firm: Firm, receiver: Receiver) -> None:
    robot(firm, receiver, active=False)
    tell(firm, ["mo"])
    assert receiver.got == [] and firm.jobs("deliver") == [] and firm.jobs("robot") == []


def test_one_that_is_switched_off_after_it_was_told_ends_its_job(firm: Firm, receiver: Receiver) -> None:
    made = robot(firm, receiver)
    with firm.unit() as unit:
        messages.notify(unit, [firm.ids["mo"]], "x")
    firm.door("root", lambda r: r.update("webhook", made, {"active": False}))
    firm.run()
    assert receiver.got == []

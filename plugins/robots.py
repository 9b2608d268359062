"""A plugin that brings the robots of chat groups: 企业微信, 钉钉 and 飞书, each by the address its group shows.

The one rule: a robot writes plain text and the names of whom it is for; what a vendor asks for (signature, length, how
people are named) stands here and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label
from yuanke.messages import Call, Channel, Fault, Letter

JSON = {"Content-Type": "application/json; charset=utf-8"}


def text_of(letter: Letter, named: bool, most: int) -> str:
    """The text, who it is for (where the vendor names nobody itself), and the link; at most ``most`` bytes, the link whole."""
    people = " ".join(f"@{person.name}" for person in letter.people) if named else ""
    tail = "".join(f"\n{part}" for part in (people, f"{letter.link} {letter.url}" if letter.url else "") if part)
    room = max(most - len(tail.encode()), 0)
    said = letter.text.encode()
    return (letter.text if len(said) <= room else said[: max(room - 3, 0)].decode("utf-8", "ignore") + "…") + tail


def mobiles(letter: Letter) -> list[str]:
    """Numbers as these services know them: those of China without the code of the country."""
    return [person.mobile.removeprefix("+86").lstrip() for person in letter.people if person.mobile]


def signed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def answered(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def fault_of(status: int, body: bytes, code: str, said: str, later: frozenset[int]) -> Fault | None:
    """These services answer 200 and say in the body what is wrong; ``later`` are codes that mean: too often, or busy."""
    answer = answered(body)
    if status == 200 and answer.get(code) == 0:
        return None
    busy = status >= 500 or status == 429 or answer.get(code) in later
    return Fault(f"{answer.get(code, status)} {answer.get(said) or ''}".strip(), again=busy)


class WeCom:
    key = "wecom"
    label = Label("企业微信机器人", "WeCom robot")

    def call(self, url: str, secret: str | None, letter: Letter, now: datetime) -> Call:
        """People whose number is known are named by it; the service knows no signature, its address is the secret."""
        known = mobiles(letter)
        text = {"content": text_of(letter, len(known) < len(letter.people), 2048), "mentioned_mobile_list": known}
        return Call(url, json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode(), JSON)

    def fault(self, status: int, body: bytes) -> Fault | None:
        return fault_of(status, body, "errcode", "errmsg", frozenset({-1, 45009, 45033}))


class DingTalk:
    key = "dingtalk"
    label = Label("钉钉机器人", "DingTalk robot")

    def call(self, url: str, secret: str | None, letter: Letter, now: datetime) -> Call:
        """加签: HMAC-SHA256 of the milliseconds and the secret, in the address."""
        if secret:
            instant = int(now.timestamp() * 1000)
            sign = urlencode({"timestamp": instant, "sign": signed(secret, f"{instant}\n{secret}")})
            url = f"{url}{'&' if urlsplit(url).query else '?'}{sign}"
        known = mobiles(letter)
        content = text_of(letter, len(known) < len(letter.people), 18_000)
        body = {"msgtype": "text", "text": {"content": content}, "at": {"atMobiles": known, "isAtAll": False}}
        return Call(url, json.dumps(body, ensure_ascii=False).encode(), JSON)

    def fault(self, status: int, body: bytes) -> Fault | None:
        return fault_of(status, body, "errcode", "errmsg", frozenset({-1, 130101, 130102, 660026}))


class Feishu:
    key = "feishu"
    label = Label("飞书机器人", "Feishu robot")

    def call(self, url: str, secret: str | None, letter: Letter, now: datetime) -> Call:
        """签名校验: HMAC-SHA256 of nothing, the key being the seconds and the secret; people are named in the text."""
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text_of(letter, True, 18_000)}}
        if secret:
            instant = str(int(now.timestamp()))
            body = {"timestamp": instant, "sign": signed(f"{instant}\n{secret}", ""), **body}
        return Call(url, json.dumps(body, ensure_ascii=False).encode(), JSON)

    def fault(self, status: int, body: bytes) -> Fault | None:
        return fault_of(status, body, "code", "msg", frozenset({9499, 11232}))


@impl
def message_channels() -> list[Channel]:
    return [WeCom(), DingTalk(), Feishu()]

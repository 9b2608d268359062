"""JSON bodies from outside: read exactly, within limits, and refused with the reason.

The one rule: numbers keep every digit (a decimal fraction arrives as Decimal), and no body makes a worker fall over:
depth, width of numbers, NaN and Infinity are faults of the caller.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from flask import request

from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import message

DEEPEST = 60
LONGEST_NUMBER = 60
_NO_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]{}"]+|"')


class Malformed(Refusal):
    """The body cannot be read at all."""

    code, status = "bad_request", 400


class WrongMediaType(Refusal):
    code, status = "unsupported_media_type", 415


def json_value() -> Any:
    """The body, parsed. 415 when it does not say it is JSON, 400 when it is not."""
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise WrongMediaType(message("请求正文须以 Content-Type: application/json 发送"))
    return parse(request.get_data())


def json_object() -> dict[str, Any]:
    value = json_value()
    if not isinstance(value, dict):
        raise Malformed(message("请求正文应为 JSON 对象"))
    return value


def parse(raw: bytes | str) -> Any:
    """Parse JSON text; Malformed names the fault and its place."""
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        if deepest(text) > DEEPEST:
            raise Malformed(message("请求正文嵌套超过 {levels} 层", levels=DEEPEST))
        return json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=_constant)
    except UnicodeDecodeError as fault:
        raise Malformed(message("请求正文不是 UTF-8：第 {byte} 字节", byte=fault.start)) from fault
    except json.JSONDecodeError as fault:
        said = message(
            "请求正文不是 JSON：第 {line} 行第 {column} 列（{reason}）",
            line=fault.lineno,
            column=fault.colno,
            reason=fault.msg,
        )
        raise Malformed(said) from fault
    except RecursionError as fault:
        raise Malformed(message("请求正文嵌套超过 {levels} 层", levels=DEEPEST)) from fault


def deepest(text: str) -> int:
    """How many brackets stand open at once outside of texts."""
    depth = most = 0
    for letter in _NO_BRACKET.sub("", text):
        depth += 1 if letter in "[{" else -1
        most = max(most, depth)
    return most


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Malformed(message("数字有 {digits} 位，最多 {most} 位", digits=len(text), most=LONGEST_NUMBER))
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise Malformed(message("数字有 {digits} 位，最多 {most} 位", digits=len(text), most=LONGEST_NUMBER))
    try:
        value = Decimal(text)
    except InvalidOperation as fault:
        raise Malformed(message("请求正文中有无法读取的数字")) from fault
    if abs(value.adjusted()) > LONGEST_NUMBER:
        raise Malformed(message("请求正文中的数字过大或过小"))
    return value


def _constant(name: str) -> NoReturn:
    raise Malformed(message("{name} 不是 JSON 值", name=name))

"""How a wrong value is told: what was found and what was expected, in one sentence."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from yuanke.fieldtypes.base import ValueFault
from yuanke.kernel.text import Message, message

LONGEST_QUOTE = 40


def found(raw: Any) -> Message | str:
    """A wrong value as a person may read it: short, quoted, never a whole document."""
    if raw is None:
        return message("空值")
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        cut = raw if len(raw) <= LONGEST_QUOTE else raw[:LONGEST_QUOTE] + "…"
        return "“" + "".join(c if c.isprintable() else "�" for c in cut) + "”"
    if isinstance(raw, int):
        return str(raw) if raw.bit_length() <= 130 else message("一个过大的数")
    if isinstance(raw, float):
        return repr(raw)
    if isinstance(raw, Decimal):
        return f"{raw:f}" if raw.is_finite() and -30 < raw.adjusted() < 30 else f"{raw:.3E}"
    if isinstance(raw, (list, tuple, set, frozenset)):
        return message("一个列表")
    if isinstance(raw, dict):
        return message("一个对象")
    if isinstance(raw, (date, datetime, time)):
        return raw.isoformat()
    return message("{kind} 类型的值", kind=type(raw).__name__)


def expected(what: Message, raw: Any) -> ValueFault:
    """The fault "found this, expected that"; ``what`` names the expected form with an example."""
    return ValueFault(message("应为 {expected}，收到 {found}", expected=what, found=found(raw)))

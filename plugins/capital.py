"""Amounts in capital characters, as they stand on quotes, contracts and invoices: 57,000.00 is 伍万柒仟元整.

One rule: a pure function of the amount; what is below a cent is rounded half up before it is said.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yuanke.expressions import Function
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
WAN, YI = 10**4, 10**8


@impl
def expression_functions() -> list[Any]:
    return [
        Function(
            "capital",
            ("number",),
            "text",
            capital,
            help=Label("金额的中文大写", "An amount in Chinese capital characters"),
        )
    ]


def capital(amount: Decimal) -> str:
    """The words of an amount in 元, 角, 分; 整 where it ends before 分."""
    cents = int((abs(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    whole = f"{_whole(yuan)}元" if yuan or not cents else ""
    gap = DIGITS[0] if yuan and fen and not jiao else ""
    parts = f"{DIGITS[jiao]}角" if jiao else gap
    said = whole + parts + (f"{DIGITS[fen]}分" if fen else "整")
    return f"负{said}" if amount < 0 and cents else said


def _whole(number: int) -> str:
    """A whole number; a 零 stands for zeros between digits, never at the end."""
    for size, unit in ((YI, "亿"), (WAN, "万")):
        if number >= size:
            high, low = divmod(number, size)
            gap = DIGITS[0] if 0 < low < size // 10 else ""
            return _whole(high) + unit + gap + (_whole(low) if low else "")
    return _below_wan(number)


def _below_wan(number: int) -> str:
    if not number:
        return DIGITS[0]
    said = ""
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            said += DIGITS[digit] + PLACES[place]
        elif said and number % 10**place and not said.endswith(DIGITS[0]):
            said += DIGITS[0]
    return said

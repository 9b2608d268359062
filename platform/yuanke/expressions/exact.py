"""Arithmetic of expressions in Python: exact sums and products, quotients half-up to 12 places, None where a part is
None.

The one rule: nothing is ever rounded silently. What needs more than `MOST_DIGITS` digits is refused.
"""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any

from yuanke.kernel.decimals import divide, round_half_up

MOST_DIGITS = 200
MOST_PLACES_BEFORE = 100
CONTEXT = Context(
    prec=MOST_DIGITS,
    Emax=MOST_PLACES_BEFORE - 1,
    Emin=-2000,
    traps=[InvalidOperation, Overflow, DivisionByZero, Inexact],
)
ZERO = Decimal(0)

add = CONTEXT.add
subtract = CONTEXT.subtract
multiply = CONTEXT.multiply
remainder = CONTEXT.remainder
negative = CONTEXT.minus
scaled = CONTEXT.scaleb

__all__ = [
    "ZERO",
    "add",
    "divide",
    "multiply",
    "negative",
    "plain",
    "remainder",
    "round_half_up",
    "scaled",
    "subtract",
    "whole",
]


def whole(value: Any, most: int) -> int | None:
    """``value`` cut to a whole number, None when it is None or further from zero than ``most``."""
    if value is None:
        return None
    number = int(value) if -most - 1 < value < most + 1 else None
    return number if number is not None and abs(number) <= most else None


def plain(value: Decimal | int) -> str:
    """``1200.5``: no exponent, no zeros at the end, no minus before zero."""
    number = Decimal(value)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text

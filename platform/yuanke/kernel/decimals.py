"""Exact numbers: Decimal everywhere, half-up away from zero at the scale of the type, 12 places in division."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

#: storage scales are fixed; settings only limit input and display
SCALES = {"money": 2, "price": 4, "quantity": 6, "percent": 4, "number": 6}
DIVISION_PLACES = 12
_wide = Context(prec=60, rounding=ROUND_HALF_UP)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """``round_half_up(Decimal('2.345'), 2) == Decimal('2.35')``; ``-2.345 -> -2.35``."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_wide)


def divide(left: Decimal, right: Decimal) -> Decimal | None:
    """Quotient half-up to 12 places, None where the divisor is zero: the same in Python and on both databases."""
    if not right:
        return None
    return round_half_up(_wide.divide(left, right), DIVISION_PLACES)

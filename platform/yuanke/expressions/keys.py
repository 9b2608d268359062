"""Exact numbers as text whose order is the order of the numbers: what SQLite computes with.

SQLite knows 64-bit integers and floats only. A number of any size becomes ``1`` + exponent + digits (``1500015`` =
1.5),
zero ``0``, a negative one ``-`` + the nines' complement + ``~``. Equal numbers have equal keys, and comparing, sorting,
grouping, MIN and MAX are right byte by byte. The one rule: whatever is computed leaves as such a key.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from yuanke.expressions.exact import MOST_DIGITS, MOST_PLACES_BEFORE, ZERO, scaled
from yuanke.expressions.faults import too_big

_NINES = str.maketrans("0123456789", "9876543210")
_SHIFT = 5000


def key(number: int, scale: int) -> str:
    """Key of ``number / 10 ** scale``."""
    if not number:
        return "0"
    digits = str(number if number > 0 else -number)
    exponent = len(digits) - 1 - scale
    if exponent >= MOST_PLACES_BEFORE or len(digits) > MOST_DIGITS:
        raise too_big()
    text = f"{exponent + _SHIFT}{digits.rstrip('0')}"
    return "1" + text if number > 0 else "-" + text.translate(_NINES) + "~"


def parts(value: Any, scale: int) -> tuple[int, int]:
    """(number, scale) of a key, or of an integer in units of ``10 ** -scale``."""
    if type(value) is int:
        return value, scale
    if type(value) is float:  # a column that somebody else made REAL
        return _parts_of(Decimal(repr(value)))
    if value == "0":
        return 0, 0
    negative = value[0] == "-"
    text = value[1:-1].translate(_NINES) if negative else value[1:]
    digits = text[4:]
    places = len(digits) - 1 - (int(text[:4]) - _SHIFT)
    number = int(digits)
    if places < 0:
        number, places = number * 10**-places, 0
    return (-number if negative else number), places


def key_of(number: Decimal | int) -> str:
    return key(*_parts_of(Decimal(number)))


def number_of(value: Any) -> Decimal:
    """The Decimal of a key (or of a plain integer)."""
    if type(value) is not str:
        number, scale = parts(value, 0)
        return scaled(Decimal(number), -scale)
    if value == "0":
        return ZERO
    if value[0] == "-":
        text, sign = value[1:-1].translate(_NINES), "-"
    else:
        text, sign = value[1:], ""
    exponent = int(text[:4]) - _SHIFT - len(text) + 5
    return Decimal(f"{sign}{text[4:]}E{exponent}" if exponent else sign + text[4:])


def _parts_of(number: Decimal) -> tuple[int, int]:
    text = str(number)
    if "E" in text:
        if number.is_finite() and -2000 < number.adjusted() < MOST_PLACES_BEFORE:
            text = format(number, "f")
        else:
            raise too_big()
    before, _, after = text.partition(".")
    try:
        return int(before + after), len(after)
    except ValueError:  # NaN or Infinity
        raise too_big() from None

"""Reading and writing exact numbers as people write them. The one rule: no digit is guessed and none is lost."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from yuanke.fieldtypes.base import ValueFault
from yuanke.fieldtypes.faults import found
from yuanke.kernel.text import message

#: what a spreadsheet keeps of a number; a longer one has already lost its last digits
SPREADSHEET_DIGITS = 15
LONGEST = 60
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ '][0-9]{3})+|[0-9]+|(?=\.[0-9]))"
    r"(?P<part>\.[0-9]*)?(?:[eE](?P<power>[+-]?[0-9]{1,3}))?(?P<times>[万亿]?)"
)
_TIMES = {"": 0, "万": 4, "亿": 8}
_CURRENCY_BEFORE = re.compile(r"^([+-]?)(?:[¥$€£₩]|CN¥|US\$|HK\$|NT\$|RMB|[A-Z]{3})\s*", re.IGNORECASE)
_CURRENCY_AFTER = re.compile(r"\s*(?:元|圆|RMB|CNY)整?$", re.IGNORECASE)


def read_decimal(text: str, *, money: bool = False) -> Decimal | None:
    """``1,234.50``, ``１２``, ``(12)``, ``3.5万``, with ``money`` also ``¥12``, ``12元``; None if it is no number."""
    if len(text) > LONGEST:
        return None
    plain_text = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    negative = plain_text.startswith("(") and plain_text.endswith(")")
    if negative:
        plain_text = plain_text[1:-1].strip()
    if money:
        plain_text = _CURRENCY_AFTER.sub("", _CURRENCY_BEFORE.sub(r"\1", plain_text))
    match = _NUMBER.fullmatch(plain_text)
    if match is None or (negative and match["sign"]):
        return None
    whole = re.sub("[, ']", "", match["whole"])
    number = Decimal(f"{match['sign']}{whole or 0}{match['part'] or ''}E{match['power'] or 0}")
    number = number.scaleb(_TIMES[match["times"]])
    return -number if negative else number


def from_number(raw: float | Decimal) -> Decimal | None:
    """The number exactly (a float by its shortest text); None for NaN, Infinity and what is absurdly large."""
    if isinstance(raw, int):
        return Decimal(raw) if raw.bit_length() <= 130 else None
    if isinstance(raw, float):
        number = Decimal(repr(raw))
        return number if number.is_finite() else None
    return raw if raw.is_finite() else None


def from_cell(cell: float) -> Decimal:
    """A spreadsheet's number without the noise of binary floating point: 15 significant digits."""
    return Decimal(f"{cell:.{SPREADSHEET_DIGITS}g}")


def plain(cell: Any) -> str | None:
    """A number cell as its person typed it (``12.0`` -> ``12``); None for what is no number.

    Raises ValueFault beyond 15 digits: the spreadsheet has already put zeros there.
    """
    if isinstance(cell, bool) or not isinstance(cell, (int, float, Decimal)):
        return None
    if isinstance(cell, float):
        if not abs(cell) < 10**SPREADSHEET_DIGITS:
            raise ValueFault(
                message(
                    "{found} 是超过 15 位的数字单元格，表格软件已丢失末尾数字；请把该列设为文本格式后重新填写",
                    found=found(cell),
                )
            )
        cell = from_cell(cell)
    return shortest(Decimal(cell))


def shortest(number: Decimal, least: int = 0) -> str:
    """Without needless zeros, with at least ``least`` decimals and never an exponent: ``12.50``, ``3``."""
    return _without_zeros(f"{number:f}", least)


def _without_zeros(written: str, least: int) -> str:
    whole, _, part = written.partition(".")
    part = part.rstrip("0").ljust(least, "0")
    return f"{whole}.{part}" if part else ("0" if whole == "-0" else whole)


def grouped(number: Decimal, least: int = 0) -> str:
    """`shortest` with thousands separators: ``-1,234.50``."""
    return _without_zeros(f"{number:,f}", least)


def decimals_of(number: Decimal) -> int:
    """Decimals that are not trailing zeros."""
    _, _, part = shortest(number).partition(".")
    return len(part)

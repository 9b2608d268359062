"""Cells between files and people: what cannot be a value says why, and nothing that leaves can act as a formula.

`quote` and `unquote` are inverse to each other for every text, so a file that went out comes back unchanged.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from yuanke.kernel.text import Message, message

#: what a cell of a file may be once read
Cell = Any  # str | int | float | bool | date | datetime | time | timedelta | CellFault | None

_STARTERS = frozenset("=+-@＝＋－＠")


@dataclass(frozen=True)
class CellFault:
    """A cell without a usable value; ``shown`` is what the file holds there, as far as known."""

    said: Message
    shown: str = ""

    def __str__(self) -> str:
        return self.shown


NO_VALUE = message("这一格是公式但没有保存结果，请在表格软件里打开并保存一次，或粘贴为数值")
ERROR_VALUE = message("这一格是错误值（如 #N/A、#REF!），请改成数值或清空")
LOST_DIGITS = message("超过 15 位的数字在表格里会丢失末尾几位，请把这一列设为文本后重新填写")


def _acts(text: str) -> bool:
    """Would a spreadsheet take this text for a formula once blanks, controls and invisible characters are gone?"""
    for letter in text:
        if letter in _STARTERS:
            return True
        if not (letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me")):
            return False
    return False


def quote(text: str) -> str:
    """Put a ``'`` before a text that would act as a formula (also before one that already carries such quotes)."""
    return "'" + text if _acts(text.lstrip("'")) else text


def unquote(text: str) -> str:
    """Take back exactly one ``'`` that `quote` put there."""
    return text[1:] if text.startswith("'") and _acts(text.lstrip("'")) else text


def shown(cell: Cell) -> str:
    """A cell as text, as a person would have typed it; '' for an empty one."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (float, Decimal)):
        return format(exact(cell), "f")
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell)


def exact(number: float | int | Decimal) -> Decimal:
    """A number of a file as Decimal; a fraction of a spreadsheet at 15 digits, as the spreadsheet shows it."""
    return Decimal(format(number, ".15g")) if isinstance(number, float) else Decimal(number)


def from_json(value: Any) -> Cell:
    """A cell as `sheet_child` wrote it."""
    if isinstance(value, str):
        return unquote(value)
    if not isinstance(value, dict):
        return value
    ((sign, inner),) = [(k, v) for k, v in value.items() if k != "v"]
    if sign == "d":
        return date.fromisoformat(inner)
    if sign == "t":
        return datetime.fromisoformat(inner)
    if sign == "h":
        return time.fromisoformat(inner)
    if sign == "s":
        return timedelta(seconds=inner)
    said = {"no_value": NO_VALUE, "error": ERROR_VALUE, "digits": LOST_DIGITS}[inner]
    return CellFault(said, str(value.get("v", "")))

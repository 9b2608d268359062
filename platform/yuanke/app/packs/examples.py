"""Values that fields should take: made from what the field says of itself, without knowing what it is about.

The one rule: a value made here keeps every limit that is declared as a limit; conditions (`valid_when`) are the samples' to
keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from yuanke.kernel import clock
from yuanke.metadata.registry import Field

ONE, OTHER = 1, 2
_TODAY = "today"
VALUES: dict[str, tuple[Any, Any]] = {
    "text": ("Alpha", "Beta é"), "long_text": ("Gamma", "Delta\né"), "rich_text": ("<p>Epsilon</p>", "<p><b>Zeta</b></p>"),
    "phone": ("13800138000", "13900139000"), "email": ("alpha@example.com", "beta@example.com"),
    "url": ("https://example.com/", "https://example.org/a?b=1"), "integer": (3, 5), "number": ("3.5", "5.25"), "money": ("12.50", "99.99"),
    "price": ("12.5", "7.25"), "quantity": ("2", "3.5"), "percent": ("10", "25.5"), "rating": (3, 4), "duration": (90, 45),
    "time": ("08:30", "17:45"), "month": ("2030-03", "2031-11"), "bool": (True, False), "color": ("#336699", "#aa0033"),
    "tags": (["alpha"], ["beta", "é"]), "barcode": ("6901234567892", "4006381333931"), "address": ("1 Long Road", "2 Long Road"),
    "json": ({"a": 1}, [1, 2]), "position": ({"lat": 31.2, "lng": 121.5}, {"lat": 39.9, "lng": 116.4}),
}  # fmt: skip


def example(field: Field, which: int = ONE) -> Any:
    """A value for a field without links, files and rows; None when none can be made up."""
    name = field.type.name
    if field.options is not None:
        keys = [key for key, option in field.options.items() if not option.retired and option.when is None]
        chosen = keys[min(which, len(keys)) - 1] if keys else None
        return [chosen] if field.multiple and chosen is not None else chosen
    if field.pattern:
        return matching(field.pattern, which)
    if name in ("date", "datetime"):
        day = clock.today("UTC") + timedelta(days=which)
        return day.isoformat() if name == "date" else f"{day.isoformat()}T08:30:00Z"
    value = VALUES[name][which - 1] if name in VALUES else getattr(field.type, "sample", None)
    if isinstance(value, str) and field.length and len(value) > field.length:
        value = value[: field.length]
    if isinstance(value, (int, str)) and not isinstance(value, bool) and name in NUMBERS:
        value = _within(field, Decimal(value))
    return value


def nearby(field: Field, here: Any) -> Any:
    """Another value beside the one that stands: a condition that held for that one may hold for this one too."""
    if isinstance(here, datetime):
        return (here + timedelta(hours=1)).isoformat()
    if isinstance(here, date):
        return (here + timedelta(days=1)).isoformat()
    if isinstance(here, (int, Decimal)) and not isinstance(here, bool):
        return str(here + 1) if isinstance(here, Decimal) else here + 1
    return None


NUMBERS = frozenset({"integer", "number", "money", "price", "quantity", "percent", "rating", "duration"})


def _within(field: Field, value: Decimal) -> Any:
    least, most = (Decimal(str(x)) if isinstance(x, (int, Decimal)) else None for x in (field.min, field.max))
    if least is not None and value < least:
        value = least
    if most is not None and value > most:
        value = most
    if field.type.name in ("integer", "rating", "duration"):
        return int(value)
    scale = field.scale
    return str(value if scale is None else value.quantize(Decimal(1).scaleb(-scale)))


def matching(pattern: str, which: int = ONE) -> str | None:
    """A text that the pattern matches as a whole, None when that is too hard."""
    try:
        made = "".join(_texts(re._parser.parse(pattern), which))  # type: ignore[attr-defined]
    except (re.error, KeyError, TypeError, ValueError):
        return None
    return made if re.fullmatch(pattern, made) else None


def _texts(parsed: Iterable[tuple[Any, Any]], which: int) -> list[str]:
    return [_MAKERS[str(kind)](what, which) for kind, what in parsed]


def _of_set(items: Any, which: int) -> str:
    for kind, what in items:
        if str(kind) == "RANGE":
            return chr(min(what[0] + which - 1, what[1]))
        if str(kind) in ("LITERAL", "CATEGORY"):
            return _MAKERS[str(kind)](what, which)
    return "x"


def _repeated(what: Any, which: int) -> str:
    least, most, inner = what
    return "".join("".join(_texts(inner, which)) for _ in range(max(least, min(1, most))))


_MAKERS: dict[str, Callable[[Any, int], str]] = {
    "LITERAL": lambda code, _: chr(code),
    "NOT_LITERAL": lambda code, _: "x" if code != ord("x") else "y",
    "ANY": lambda _what, which: "xy"[which - 1],
    "IN": _of_set,
    "RANGE": lambda what, which: chr(what[0]),
    "CATEGORY": lambda what, which: {
        "CATEGORY_DIGIT": str(which),
        "CATEGORY_SPACE": " ",
        "CATEGORY_WORD": "ab"[which - 1],
    }[str(what)],
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "SUBPATTERN": lambda what, which: "".join(_texts(what[3], which)),
    "BRANCH": lambda what, which: "".join(_texts(what[1][min(which, len(what[1])) - 1], which)),
    "AT": lambda _what, _which: "",
}

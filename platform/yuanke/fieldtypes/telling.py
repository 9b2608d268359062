"""Which type a declaration means: the telling keys of the dialect (`options`, `link`, `links`, `rows`), and kinds of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.expressions.scope import Kind

_OF_KIND = {
    "text": "text", "number": "number", "bool": "bool", "date": "date", "datetime": "datetime", "time": "time",
    "duration": "duration", "choice": "choice", "choices": "choices", "link": "link", "json": "json",
}


def type_name(declared: Mapping[str, Any]) -> str | None:
    """The name of the type that a field's map means; None when it says none (a bare `formula`)."""
    if isinstance(declared.get("type"), str):
        named: str = declared["type"].removesuffix("!")
        return "choices" if named == "choice" and declared.get("multiple") else named
    if "options" in declared:
        return "choices" if declared.get("multiple") else "choice"
    if "link" in declared:
        return "dynamic_link" if isinstance(declared["link"], (list, tuple)) else "link"
    return next((key for key in ("links", "rows") if key in declared), None)


def type_of_kind(kind: Kind) -> str | None:
    """The type for a formula without one beside it; None where no type keeps such a value (a collection)."""
    if kind.name == "link" and kind.of is None:
        return "dynamic_link"
    return _OF_KIND.get(kind.name)

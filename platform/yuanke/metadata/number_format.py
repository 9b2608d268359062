"""Formats of document numbers: ``DD{year}{month}{day}-{seq:4}``. Rule: one running part, only places that are known."""

from __future__ import annotations

import re

from yuanke.metadata.dialect.context import Context, Schema, Shape
from yuanke.metadata.node import Node

_PLACE = re.compile(r"\{([^{}]*)\}")
DATES = ("year", "month", "day", "date", "yyyy", "yy", "MM", "dd", "yyyyMM", "yyyyMMdd")
_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")


class NumberFormat(Shape):
    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        wrong = fault_of_format(node.value)
        if wrong:
            c.faults.add("E220", node, "The number format cannot be read", wrong)
            return
        for path in field_paths(node.value):
            known = c.known("path", path, c)
            if known is not None and path not in known:
                c.faults.add(
                    "E211",
                    node,
                    f'The number format names "{path}", which is no field',
                    f"Places are {{year}} {{month}} {{day}} {{date}} {{seq:4}} and fields of {c.entity}.",
                )

    def words(self) -> str:
        return "a number format, like 'DD{year}{month}{day}-{seq:4}'"

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"\{seq(:[0-9]+)?\}"}


def fault_of_format(text: str) -> str | None:
    """Why ``text`` is no number format, or None."""
    rest = _PLACE.sub("", text)
    if "{" in rest or "}" in rest:
        return "A brace is left open. Write places like {seq:4}."
    places = _PLACE.findall(text)
    running = [p for p in places if p == "seq" or p.startswith("seq:")]
    if len(running) != 1:
        return f"It needs exactly one running part {{seq:4}}, and has {len(running)}."
    digits = running[0].partition(":")[2]
    if running[0] != "seq" and not (digits.isdigit() and 1 <= int(digits) <= 12):
        return f"{{{running[0]}}} is not understood: say how many digits, from 1 to 12, like {{seq:4}}."
    for place in places:
        if place not in running and place not in DATES and not _PATH.fullmatch(place):
            return f"{{{place}}} is not understood. Places are {{year}} {{month}} {{day}} {{date}} {{seq:4}} and paths."
    return None


def field_paths(text: str) -> list[str]:
    """Field paths among the places of a format."""
    return [p for p in _PLACE.findall(text) if p != "seq" and not p.startswith("seq:") and p not in DATES]

"""Schedules and durations as the dialect writes them: ``weekday 08:00``, ``2d``, ``300/d``."""

from __future__ import annotations

import re

from yuanke.metadata.dialect.context import Context, Schema, Shape, found
from yuanke.metadata.node import Node

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
SCHEDULE = re.compile(
    rf"(?:(?:day|weekday|workday|{_DAYS}) {_CLOCK}|month (?:[1-9]|[12][0-9]|3[01]|last) {_CLOCK}"
    r"|hour|(?:[1-9]|[1-5][0-9]) minutes)"
)
DURATION = re.compile(r"[1-9][0-9]{0,4}(?:min|h|d|w|m|y)")
RATE = re.compile(r"[1-9][0-9]{0,6}/(?:min|h|d)")


class Schedule(Shape):
    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif not SCHEDULE.fullmatch(node.value):
            c.faults.add("E220", node, f"{found(node)} is no schedule", f"Write {self.words()}.")

    def words(self) -> str:
        return (
            "day 08:00, weekday 08:00, workday 08:00, monday 08:00, month 1 08:00, month last 08:00, hour, 15 minutes"
        )

    def schema(self) -> Schema:
        return {"type": "string"}


class Duration(Shape):
    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node) or not DURATION.fullmatch(node.value):
            c.faults.add("E220", node, f"{found(node)} is no length of time", f"Write {self.words()}.")

    def words(self) -> str:
        return "a number with min, h, d, w, m or y behind it, like 2d"

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{DURATION.pattern}$"}


class Rate(Shape):
    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node) or not RATE.fullmatch(node.value):
            c.faults.add("E220", node, f"{found(node)} is no rate", f"Write {self.words()}.")

    def words(self) -> str:
        return "so many in a minute, hour or day, like 300/d"

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{RATE.pattern}$"}

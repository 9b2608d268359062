"""What a run found, as tables that read the same in a terminal and in README.md."""

from __future__ import annotations

from typing import Any

from benchmarks.breakdown import PARTS
from benchmarks.browser import BYTES_GOAL, SEEN_GOAL
from benchmarks.live import LIVE_GOAL, STALL_GOAL

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def line_of(one: dict[str, Any]) -> str:
    """One work while the run goes on."""
    return f"{one['work']:<10} F0 {one['f0']:7.2f}  F1 {one['f1']:7.2f}  ours {one['ours']:7.2f} ms  {one['multiple']:5.2f}x F1  {_goal(one)}  {_met(_reached(one))}"


def report(found: dict[str, Any]) -> str:
    parts = [
        f"{found['at']}, {found['customers']:,} customers; {found['machine']}, {found['load after']:.1f} after",
        _works(found),
    ]
    rest = [_rest(found), _together(found), _parts(found)]
    return "\n\n".join([*parts, *(table for table in rest if table)])


def _works(found: dict[str, Any]) -> str:
    rows = [
        [
            NAMES[one["database"]], one["work"], one["said"], f"{one['f0']:.2f}", f"{one['f1']:.2f}", f"{one['ours']:.2f}",
            f"{one['of_f0']:.0f}x", f"{one['multiple']:.2f}x", f"{one['cpu'] / one['cpu_f1']:.2f}x", _goal(one), _met(_reached(one)),
        ]
        for one in found["works"]
    ]  # fmt: skip
    head = [
        "",
        "",
        "one client, median of the quietest round, ms",
        "F0",
        "F1",
        "ours",
        "x F0",
        "x F1",
        "CPU x F1",
        "goal",
        "met",
    ]
    return table(head, rows)


def _goal(one: dict[str, Any]) -> str:
    return f"{one['goal']:g}x F1" if one["goal"] else f"{one['milliseconds']:g} ms"


def _reached(one: dict[str, Any]) -> bool:
    return bool(one["multiple"] <= one["goal"] if one["goal"] else one["ours"] <= one["milliseconds"])


def _met(reached: bool) -> str:
    return "yes" if reached else "NO"


def _rest(found: dict[str, Any]) -> str:
    rows: list[list[str]] = []

    def add(one: dict[str, Any], key: str, said: str, value: str, goal: str, reached: bool) -> None:
        rows.append([NAMES[one["database"]], key, said, value, goal, _met(reached)])

    for one in found["imports"]:
        said = f"import {one['rows']:,} {one['entity']}s" + (
            " with a link by number" if one["entity"] == "contact" else ""
        )
        add(one, "W2", said, f"{one['rate']:,.0f} rows/s", f"{one['goal']:,.0f} rows/s", one["rate"] >= one["goal"])
    for one in found["live"]:
        add(
            one,
            "W6",
            f"{one['field']} field on page and in API",
            f"{one['live']:.0f} ms",
            f"{LIVE_GOAL:.0f} ms",
            one["live"] <= LIVE_GOAL,
        )
        said = (
            f"longest request of others meanwhile ({one['calm']:.0f} ms in a calm while, {len(one['refused'])} refused)"
        )
        add(
            one,
            "",
            said,
            f"{one['stall']:.0f} ms",
            f"{STALL_GOAL:.0f} ms",
            one["stall"] <= STALL_GOAL and not one["refused"],
        )
    for one in found["start"]:
        add(one, "W7", "start to first list page", f"{one['seconds']:.2f} s", "1.2 s", one["seconds"] <= 1.2)
        add(
            one,
            "",
            "memory of the worker after W3",
            f"{one['memory']:.0f} MB",
            f"{one['goal']:.0f} MB",
            one["memory"] <= one["goal"],
        )
    for one in found["browser"]:
        seen = f"{one['bytes'] / 1000:.0f} kB in {one['requests']} requests, rows {one['rows']:.0f} ms, LCP {one['largest']:.0f} ms"
        good = one["bytes"] <= BYTES_GOAL and one["rows"] <= SEEN_GOAL
        add(one, "W8", f"Chromium, list page, {one['visit']}", seen, "200 kB, 400 ms", good)
    for one in found["jobs"]:
        rate = f"{one['rate']:,.0f} jobs/s, {one['of_floor']:.1f}x the time of the bare driver ({one['floor']:,.0f}/s)"
        said = "jobs with an effect each, through one worker"
        add(one, "jobs", said, rate, f"{one['goal']:,.0f} jobs/s", one["rate"] >= one["goal"])
    for one in found["customizing"]:
        unit = one.get("unit", "ms")
        beside = f", {one['found'] / one['floor']:.1f}x the bare statement" if one.get("floor") else ""
        shown = f"{one['found']:.2f} MB" if unit == "MB" else f"{one['found']:.0f} ms ({one['cpu']:.0f} of CPU)"
        add(one, "customizing", one["work"], shown + beside, f"{one['goal']:g} {unit}", one["found"] <= one["goal"])
    return table(["", "", "", "found", "goal", "met"], rows) if rows else ""


def _together(found: dict[str, Any]) -> str:
    rows = [
        [NAMES[one["database"]], one["work"], f"{one['rate']:,.0f}", f"{one['p95']:.1f}"] for one in found["together"]
    ]
    return table(["", "eight clients, one worker of eight threads", "requests/s", "p95 ms"], rows) if rows else ""


def _parts(found: dict[str, Any]) -> str:
    rows = [
        [NAMES[one["database"]], work, *(f"{parts[name]:.2f}" for name in ("WSGI", *PARTS))]
        for one in found["parts"] for work, parts in one["works"].items()
    ]  # fmt: skip
    return table(["", "where the time goes, ms inside the application", "all", *PARTS], rows) if rows else ""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown with its columns in line."""
    wide = [max(_width(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [
        "| " + " | ".join(cell + " " * (wide[at] - _width(cell)) for at, cell in enumerate(row)) + " |"
        for row in [head, *rows]
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in wide) + "|", *lines[1:]])


def _width(text: str) -> int:
    return sum(2 if ord(one) > 0x2E80 else 1 for one in text)

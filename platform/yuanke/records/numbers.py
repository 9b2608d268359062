"""Gap-free document numbers: a counter row moved in the transaction that uses the number, and taken last.

The one rule: the counter belongs to the text before ``{seq}``, so a series starts anew by itself when that text changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.kernel import clock
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, open_row
from yuanke.storage.system import own_table

COUNTER = own_table(
    "counter", sa.Column("series", sa.String(200), primary_key=True), sa.Column("last", sa.BigInteger, nullable=False)
)
PLACE = re.compile(r"\{([a-z_.]+)(?::(\d+))?\}")


def take_numbers(unit: Unit, entity: str, format: str, records: Sequence[Callable[[str], Any]]) -> list[str]:
    """One number for each record; ``records`` look up a field path of theirs for places like ``{date}`` or ``{member.code}``."""
    series = [_before_sequence(unit, format, look) for look in records]
    wanted: dict[str, int] = {}
    for head in series:
        wanted[head] = wanted.get(head, 0) + 1
    last = {head: _advance(unit, f"{entity}:{head}", count) for head, count in sorted(wanted.items())}
    used = {head: last[head] - wanted[head] for head in wanted}
    numbers = []
    for head, look in zip(series, records, strict=True):
        used[head] += 1
        numbers.append(_fill(unit, format, look, used[head]))
    return numbers


def _advance(unit: Unit, series: str, count: int) -> int:
    def statement() -> Any:
        insert = (postgresql if unit.dialect == "postgresql" else sqlite).insert(COUNTER)
        row = open_row(COUNTER, ("series", "last"))
        moved = {"last": COUNTER.c.last + row["last"]}
        return (
            insert.values(row)
            .on_conflict_do_update(index_elements=[COUNTER.c.series], set_=moved)
            .returning(COUNTER.c.last)
        )

    return int(constant(unit, "counter", statement).scalar(unit, series=series, last=count))


def _before_sequence(unit: Unit, format: str, look: Callable[[str], Any]) -> str:
    head = format.split("{seq", 1)[0]
    return _fill(unit, head, look, 0)


def _fill(unit: Unit, format: str, look: Callable[[str], Any], sequence: int) -> str:
    def place(match: re.Match[str]) -> str:
        name, width = match.group(1), match.group(2)
        if name == "seq":
            return str(sequence).zfill(int(width or 1))
        return _piece(name, look, _day(unit, look))

    return PLACE.sub(place, format)


def _day(unit: Unit, look: Callable[[str], Any]) -> date:
    """The record's own ``date`` decides the series, today where it has none."""
    own = look("date")
    return own if isinstance(own, date) else clock.today(unit.place.timezone)


def _piece(name: str, look: Callable[[str], Any], day: date) -> str:
    known = {
        "year": f"{day:%Y}",
        "yy": f"{day:%y}",
        "month": f"{day:%m}",
        "day": f"{day:%d}",
        "date": f"{day:%Y%m%d}",
    }
    return known[name] if name in known else str(look(name) or "")

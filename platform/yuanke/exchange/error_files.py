"""The rows that an import refused, as a file of the same columns with the reason behind, ready to be mended and sent
again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yuanke.exchange.cells import Cell, CellFault
from yuanke.exchange.reading import TableFile
from yuanke.exchange.writers import writer
from yuanke.jobs import words
from yuanke.kernel.text import Message, Translate, message

REASON = message("问题")
#: between the faults of one row, and between a place and what is said of it
NEXT, OF = message("；"), message("：")


def write_error_file(
    table: TableFile,
    notes: Iterator[tuple[int, Mapping[str, Any]]],
    path: Path,
    form: str,
    translate: Translate | None = None,
) -> int:
    """Copy the rows that ``notes`` (by row) speak of, with what is wrong; how many. Notes of other files' rows stand
    last."""
    reasons: dict[int, tuple[int, str]] = {}
    others: list[str] = []
    for row, body in notes:
        said = said_of(body, translate)
        if row:
            known = reasons.get(row)
            reasons[row] = (int(body.get("last", row)), f"{known[1]}{NEXT.say(translate)}{said}" if known else said)
        else:  # of a file of lines, which has other columns
            place = f"{body.get('file')} {body.get('row')}"
            others.append(OF.say(translate).join([place, ", ".join(body["cells"]), said]))
    to = writer(path, form, table.sheet or "Sheet1", translate)
    to.header([*table.header, _free_name(table.header, REASON.say(translate))])
    until, written = 0, 0
    for number, cells in table.rows() if reasons else ():
        last, reason = reasons.get(number, (until, ""))
        until = max(until, last)
        if number <= until:
            to.row([*(_plain(cell) for cell in cells[: len(table.header)]), reason])
            written += 1
    for said in others:
        to.row([*[None] * len(table.header), said])
    to.close()
    return written + len(others)


def said_of(body: Mapping[str, Any], translate: Translate | None = None) -> str:
    """All faults of one row in one sentence: ``客户级别：没有“重点”；电话：位数不对``."""
    return NEXT.say(translate).join(dict.fromkeys(_one(error, translate) for error in body.get("errors", ())))


def _one(error: Mapping[str, Any], translate: Translate | None) -> str:
    said, label = words.said(error["said"]), words.said(error.get("label"))
    text = said.say(translate) if isinstance(said, Message) else ""
    place = f"{error['file']} {error['row']} " if error.get("file") else ""
    return place + (f"{label.say(translate)}{OF.say(translate)}{text}" if label else text)


def _plain(cell: Cell) -> Any:
    return cell.shown if isinstance(cell, CellFault) else cell


def _free_name(header: list[str], name: str) -> str:
    while name in header:
        name += " *"
    return name

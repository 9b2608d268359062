"""What an import says about rows it did not take: kept with the job, read by the wizard, the command line and the
error file.

A note is ``{"last", "cells", "errors": [{"field", "label", "columns", "said", "row"?, "file"?}]}`` under its row
number; row 0
holds rows of files of lines that belong to no record. The one rule: sentences are kept untranslated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yuanke.exchange.cells import Cell, shown
from yuanke.exchange.drafts import Draft, Line
from yuanke.exchange.prepared import Prepared
from yuanke.jobs import words
from yuanke.kernel.text import Message, message

SHOWN_CELL = 200


def note_of(draft: Draft, prepared: Prepared) -> dict[str, Any]:
    """Everything wrong with one draft, in the order of the file's columns."""
    errors = [_error(prepared, "", name, said, None) for name, said in _each(draft.shaped.errors)]
    for rows, lines in draft.lines.items():
        for line in lines:
            errors += [_error(prepared, rows, name, said, line) for name, said in _each(line.shaped.errors)]
    places = {column: at for at, column in enumerate(prepared.shapers[""].header)}
    errors.sort(key=lambda e: (e.get("row", 0), min((places.get(c, len(places)) for c in e["columns"]), default=0)))
    return {"last": draft.last, "cells": [_cut(cell) for cell in draft.cells], "errors": errors}


def note_of_unclaimed(field: str, column: str, file: str, row: int, match: str, cells: list[Cell]) -> dict[str, Any]:
    """A row of a file of lines that no record of the main file claimed."""
    said = message("主表中没有“{match}”，这一行没有导入", match=match)
    error = {"field": field, "columns": [column], "said": words.kept(said), "label": None}
    return {"row": row, "file": file, "cells": [_cut(cell) for cell in cells], "errors": [error]}


def _each(errors: Mapping[str, list[Message]]) -> Iterator[tuple[str, Message]]:
    for name, sentences in errors.items():
        for said in sentences:
            yield name, said


def _error(prepared: Prepared, rows: str, name: str, said: Message, line: Line | None) -> dict[str, Any]:
    shaper = prepared.shapers[rows]
    known = shaper.entity.fields.get(name)
    told = {
        "field": f"{rows}.{name}".strip("."),
        "columns": shaper.columns_of(name),
        "said": words.kept(said),
        "label": words.kept(message("{label}", label=known.label)) if known else None,
    }
    return told if line is None else {**told, "row": line.row, "file": line.file}


def _cut(cell: Cell) -> str:
    return shown(cell)[:SHOWN_CELL]


@dataclass(frozen=True)
class Reason:
    """One fault that several rows share: ``text`` is what stands in ``column``, ``count`` how many rows have it."""

    field: str
    label: Message | None
    column: str | None
    text: str
    said: Message
    count: int


def reasons(notes: Iterator[tuple[int, Mapping[str, Any]]], header: list[str]) -> list[Reason]:
    """The faults of an import grouped by what is wrong, the most frequent first: what is mended once helps many
    rows."""
    counted: Counter[tuple[str, str | None, str, str]] = Counter()
    first: dict[tuple[str, str | None, str, str], Mapping[str, Any]] = {}
    for _row, body in notes:
        for error in body.get("errors", ()):
            column = error["columns"][0] if error["columns"] and not error.get("file") else None
            text = body["cells"][header.index(column)] if column in header else ""
            key = (error["field"], column, text, error["said"]["text"])
            counted[key] += 1
            first.setdefault(key, error)
    return [
        Reason(field, words.said(first[key].get("label")), column, text, _said(first[key]), count)
        for key, count in counted.most_common()
        for field, column, text, _ in [key]
    ]


def _said(error: Mapping[str, Any]) -> Message:
    return words.said(error["said"]) or message("这一行没有保存")

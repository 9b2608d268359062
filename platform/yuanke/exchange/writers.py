"""Rows into files: CSV that spreadsheets open rightly, and XLSX in which every text stays a text.

The one rule: nothing that a person typed becomes a formula on somebody else's desk (`cells.quote`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from yuanke.exchange.cells import quote, shown
from yuanke.kernel.text import Translate, message

FORMATS = ("csv", "xlsx")
SHEET_ROWS = 1_048_576
SHEET_CELL = 32_767
_CUT = message("…（内容过长，完整内容请导出 CSV）")
#: a telephone number with its country code: a spreadsheet's text cell keeps it, and as a formula it would only be a sum
_HARMLESS = re.compile(r"\+[\d\s()-]+")


class Writer(Protocol):
    """One table on its way into a file; `close` completes it."""

    def header(self, names: Sequence[str]) -> None: ...
    def row(self, cells: Sequence[Any]) -> None: ...
    def close(self) -> None: ...


def writer(path: Path, form: str, sheet: str = "Sheet1", translate: Translate | None = None) -> Writer:
    """``form``: csv | xlsx; ``translate`` into the language of whoever opens the file."""
    return CsvWriter(path) if form == "csv" else XlsxWriter(path, sheet, _CUT.say(translate))


class CsvWriter:
    """UTF-8 with a byte order mark (spreadsheets ask for it), commas, CRLF."""

    def __init__(self, path: Path) -> None:
        self._stream = io.TextIOWrapper(path.open("wb"), "utf-8-sig", newline="", write_through=False)
        self._csv = csv.writer(self._stream)

    def header(self, names: Sequence[str]) -> None:
        self.row(names)

    def row(self, cells: Sequence[Any]) -> None:
        self._csv.writerow([quote(cell) if isinstance(cell, str) else shown(cell) for cell in cells])

    def close(self) -> None:
        self._stream.close()


class XlsxWriter:
    """Constant memory: each row is on disk before the next. Beyond a sheet's rows a new sheet begins with the header
    again."""

    def __init__(self, path: Path, sheet: str, cut: str) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
            "nan_inf_to_errors": False,
        }
        import xlsxwriter  # heavy, and not needed to serve pages

        self._book = xlsxwriter.Workbook(str(path), options)
        self._title, self._cut = sheet_name(sheet), cut
        self._bold = self._book.add_format({"bold": True})
        self._formats = {
            kind: self._book.add_format({"num_format": form})
            for kind, form in (
                (date, "yyyy-mm-dd"),
                (datetime, "yyyy-mm-dd hh:mm:ss"),
                (time, "hh:mm:ss"),
                (timedelta, "[h]:mm:ss"),
            )
        }
        self._header: list[str] = []
        self._sheets = 0
        self._new_sheet()

    def header(self, names: Sequence[str]) -> None:
        self._header = [str(name) for name in names]
        self._write_header()

    def row(self, cells: Sequence[Any]) -> None:
        if self._at >= SHEET_ROWS:
            self._new_sheet()
            self._write_header()
        for column, cell in enumerate(cells):
            self._cell(column, cell)
        self._at += 1

    def close(self) -> None:
        self._book.close()

    def _new_sheet(self) -> None:
        self._sheets += 1
        name = self._title if self._sheets == 1 else f"{self._title[:27]} ({self._sheets})"
        self._sheet = self._book.add_worksheet(name)
        self._at = 0

    def _write_header(self) -> None:
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._header):
            self._sheet.set_column(column, column, min(max(10, 2 * len(name) + 2), 40))
            self._sheet.write_string(0, column, quote(name), self._bold)
        self._at = 1

    def _cell(self, column: int, cell: Any) -> None:
        at, sheet = self._at, self._sheet
        if cell is None:
            return
        if isinstance(cell, bool):
            sheet.write_boolean(at, column, cell)
        elif isinstance(cell, (int, float, Decimal)):
            self._number(column, cell)
        elif isinstance(cell, (date, time, timedelta)):
            sheet.write_datetime(at, column, cell, self._formats[type(cell)])
        else:
            text = str(cell)
            text = text if _HARMLESS.fullmatch(text) else quote(text)
            if len(text) > SHEET_CELL:
                text = text[: SHEET_CELL - len(self._cut)] + self._cut
            sheet.write_string(at, column, text)

    def _number(self, column: int, number: int | float | Decimal) -> None:
        """A spreadsheet keeps 15 digits; what has more goes out as text and loses none."""
        digits = len(Decimal(number).normalize().as_tuple().digits) if not isinstance(number, float) else 0
        if digits > 15:
            self._sheet.write_string(self._at, column, shown(number))
        else:
            self._sheet.write_number(self._at, column, number)


def sheet_name(title: str) -> str:
    """At most 31 characters, none of ``[]:*?/\\`` and no ``'`` at the ends."""
    return re.sub(r"[\[\]:*?/\\]", "_", title).strip("' ")[:31] or "Sheet1"

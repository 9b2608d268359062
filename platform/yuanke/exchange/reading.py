"""The one way into a file of rows: whatever it is called, its content decides, and it is read row by row.

Use: ``with open_table(path, name) as table: for number, values in table.rows(): ...``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

from yuanke.exchange import csv_tables, limits
from yuanke.exchange.cells import Cell, CellFault, shown
from yuanke.exchange.limits import FileFault
from yuanke.exchange.sheets import Sheet
from yuanke.kernel.text import message

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et")
TEXTS = (".csv", ".txt", ".tsv")
_LOOK_AHEAD = 10


class _Source(Protocol):
    def records(self) -> Iterator[tuple[int, list[Cell]]]: ...


class TableFile:
    """A file as a header and rows of cells.

    ``sheets`` names the visible worksheets ([] for text), ``sheet`` the one read; ``header`` has a unique name for each
    column; ``rows_at_most`` is at least the number of rows behind the header (for progress).
    """

    def __init__(self, name: str, source: csv_tables.TextTable | Sheet) -> None:
        self.name = name
        self._source: _Source = source  # type: ignore[assignment]  # str is a Cell
        self.sheets: list[str] = source.sheets if isinstance(source, Sheet) else []
        self.sheet: str | None = source.sheet if isinstance(source, Sheet) else None
        self.encoding: str | None = None if isinstance(source, Sheet) else source.encoding
        self.delimiter: str | None = None if isinstance(source, Sheet) else source.delimiter
        self._head_row, self.header = _find_header(self._source)
        self.rows_at_most = max((source.rows if isinstance(source, Sheet) else source.lines + 1) - self._head_row, 0)

    @property
    def is_text(self) -> bool:
        return self.sheet is None

    def rows(self, after: int = 0) -> Iterator[tuple[int, list[Cell]]]:
        """(row number, values) of every row that is not blank and comes after the header and after row ``after``.

        Short rows are filled with None. A row may be longer than the header; whoever uses it says so to the person.
        Empty text is None.
        """
        width = len(self.header)
        for number, values in self._source.records():
            if number <= self._head_row or number <= after:
                continue
            cells = [v if _filled(v) else None for v in values]
            while len(cells) > width and cells[-1] is None:
                cells.pop()
            if any(v is not None for v in cells):
                yield number, cells + [None] * (width - len(cells))

    def sample(self, count: int = 20) -> list[list[Cell]]:
        """The first rows, for proposing a mapping and for showing."""
        found = []
        for _, values in self.rows():
            found.append(values)
            if len(found) == count:
                break
        return found

    def close(self) -> None:
        if isinstance(self._source, Sheet):
            self._source.close()

    def __enter__(self) -> TableFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(path: str | Path, name: str, sheet: str | None = None, first: int = 0) -> TableFile:
    """Open a CSV or Excel file that lies at ``path`` and was called ``name``. Raises FileFault.

    ``first``: for a look at the beginning of a workbook, rows beyond these are not handed over (``rows_at_most`` counts
    them all the same).
    """
    path = Path(path)
    size = path.stat().st_size
    if size > limits.MAX_BYTES:
        raise FileFault(
            message(
                "文件有 {size} MB，最多 {most} MB；请拆成几个文件",
                size=size // 1_048_576,
                most=limits.MAX_BYTES // 1_048_576,
            )
        )
    if not size:
        raise FileFault(message("文件是空的"))
    if _is_workbook(path, name):
        return TableFile(name, Sheet(path, sheet, first))
    if sheet:
        raise FileFault(message("没有找到工作表“{sheet}”", sheet=sheet))
    return TableFile(name, csv_tables.sniff(path))


def _is_workbook(path: Path, name: str) -> bool:
    """By content; FileFault where content and file name disagree or nothing can be read."""
    extension = Path(name.lower()).suffix
    with path.open("rb") as stream:
        head = stream.read(2048)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        if extension in TEXTS:
            raise FileFault(
                message("文件名是 {extension}，内容却是 Excel 工作簿；请把扩展名改回 .xlsx 再上传", extension=extension)
            )
        return True
    for sign, kind in (
        (b"%PDF", "PDF"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"GIF8", "GIF"),
        (b"\x1f\x8b", "GZIP"),
        (b"Rar!", "RAR"),
        (b"7z\xbc\xaf", "7Z"),
        (b"{\\rtf", "RTF"),
    ):
        if head.startswith(sign):
            raise FileFault(message("这是 {kind} 文件，不能导入；请提供 .xlsx 或 .csv", kind=kind))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<?xml", b"<table", b"<meta", b"<head")):
        raise FileFault(message("文件内容是网页或 XML，不是表格；请在表格软件里打开后另存为 .xlsx"))
    if extension in WORKBOOKS:
        raise FileFault(
            message("文件名是 {extension}，内容却不是工作簿；如果是文本表格，请把扩展名改为 .csv", extension=extension)
        )
    return False


def _find_header(source: _Source) -> tuple[int, list[str]]:
    """Row number and names of the header: the first row, or the first wide one below a lonely title."""
    seen: list[tuple[int, list[Cell]]] = []
    for number, values in source.records():
        if any(_filled(v) for v in values):
            seen.append((number, values))
        if len(seen) == _LOOK_AHEAD:
            break
    if not seen:
        raise FileFault(message("文件里没有任何内容"))
    filled = [sum(_filled(v) for v in values) for _, values in seen]
    wide = [i for i, count in enumerate(filled) if count > 1]
    chosen = wide[0] if 2 * len(wide) > len(seen) else 0
    number, values = seen[chosen]
    return number, _unique_names(values)


def _unique_names(values: list[Cell]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    while values and not _filled(values[-1]):
        values = values[:-1]
    for position, value in enumerate(values, 1):
        name = "" if isinstance(value, CellFault) else " ".join(shown(value).split())
        name = base = name or f"列{position}"
        count = 1
        while name in taken:
            count += 1
            name = f"{base} ({count})"
        taken.add(name)
        names.append(name)
    return names


def _filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None

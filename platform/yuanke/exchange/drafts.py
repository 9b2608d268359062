"""From the rows of a file to drafts of records: cells shaped, lines of one record gathered, in chunks.

The one rule: a draft knows the rows it came from, so that whatever is said about it can be found in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yuanke.exchange.cells import Cell
from yuanke.exchange.children import Children, key_text
from yuanke.exchange.mapping import ImportMapping, RowsSource
from yuanke.exchange.reading import TableFile
from yuanke.exchange.shaping import Shaped, Shaper
from yuanke.kernel.text import message

#: rows (lines counted) of the first chunk; later ones are as large as fits into `SECONDS`, so that others need not wait
CHUNK = 200
LEAST_CHUNK, LARGEST_CHUNK = 25, 500
SECONDS = 0.05


@dataclass
class Line:
    """One owned row: its values and where it stands. ``file`` None: in the main file."""

    row: int
    shaped: Shaped
    file: str | None = None


@dataclass
class Draft:
    """One record to be. ``row``..``last`` are its rows in the file; ``id`` is set when it updates a standing record.

    ``deferred``: links to rows of the same file that are not there yet. ``carries``: sent as it is (see `saving`).
    """

    row: int
    last: int
    cells: Sequence[Cell]
    shaped: Shaped
    lines: dict[str, list[Line]] = field(default_factory=dict)
    id: int | None = None
    standing: Mapping[str, Any] = field(default_factory=dict)
    deferred: list[str] = field(default_factory=list)
    carries: dict[str, Any] | None = None

    @property
    def weight(self) -> int:
        return 1 + sum(map(len, self.lines.values()))

    @property
    def faulty(self) -> bool:
        return any(shaped.errors for _, shaped in self.parts())

    def parts(self) -> Iterator[tuple[str, Shaped]]:
        """The record itself (under "") and each of its lines (under their field)."""
        yield "", self.shaped
        for name, lines in self.lines.items():
            for line in lines:
                yield name, line.shaped


class Drafting:
    """Turns one file (with its files of lines) into drafts."""

    def __init__(
        self,
        table: TableFile,
        mapping: ImportMapping,
        shaper: Shaper,
        row_shapers: Mapping[str, Shaper],
        children: Mapping[str, Children],
    ) -> None:
        self.table = table
        self.mapping = mapping
        self.shaper = shaper
        self.row_shapers = row_shapers
        self.children = children
        self._inline = {name: rows for name, rows in mapping.rows.items() if rows.file is None}
        self._told_by = self._columns_that_tell_records_apart()
        self._size = CHUNK

    def took(self, chunk: Sequence[Draft], seconds: float) -> None:
        """How long a chunk held the database: the next ones grow to twice or shrink to half at most."""
        weight = len(chunk) if self.children else sum(draft.weight for draft in chunk)  # as `chunks` counted them
        fitting = weight * SECONDS / max(seconds, 0.001)
        self._size = int(min(max(fitting, self._size / 2, LEAST_CHUNK), self._size * 2, LARGEST_CHUNK))

    def chunks(self, after: int = 0) -> Iterator[list[Draft]]:
        """Drafts of the rows behind ``after``, some hundred at a time; lines of earlier records count as claimed."""
        chunk: list[Draft] = []
        weight = 0
        for draft in self._grouped(after):
            if chunk and weight + draft.weight > self._size:
                yield self._with_children(chunk)
                chunk, weight = [], 0
            chunk.append(draft)
            weight += draft.weight
        if chunk:
            yield self._with_children(chunk)

    def _grouped(self, after: int) -> Iterator[Draft]:
        """Rows as drafts; where lines stand in the main file, those of one record are gathered."""
        current: Draft | None = None
        told: tuple[str, ...] = ()
        if self.children and after:
            self._claim_until(after)
        for number, cells in self.table.rows(after):
            marks = tuple(key_text(cells[at]) for at in self._told_by) if self._inline else ()
            if current is None or not self._inline or (any(marks) and marks != told):
                if current is not None:
                    yield current
                current, told = self._draft(number, cells), marks
            current.last = number
            for name in self._inline:
                line = Line(number, self.row_shapers[name].shape(cells))
                if line.shaped.values or line.shaped.links or line.shaped.errors:
                    current.lines.setdefault(name, []).append(line)
        if current is not None:
            yield current

    def _draft(self, number: int, cells: list[Cell]) -> Draft:
        draft = Draft(number, number, cells, self.shaper.shape(cells))
        surplus = len(cells) - len(self.table.header)
        if surplus > 0:
            draft.shaped.fault(
                "",
                message(
                    "这一行有 {found} 格，表头只有 {most} 列；请检查单元格里的分隔符是否加了引号",
                    found=len(cells),
                    most=len(self.table.header),
                ),
            )
        return draft

    def _columns_that_tell_records_apart(self) -> list[int]:
        """Positions of the key's columns, without a key of all columns of the record itself."""
        names = self.mapping.key_fields or tuple(self.mapping.columns)
        columns = [column for name in names for column in self.shaper.columns_of(name)]
        return [self.table.header.index(column) for column in dict.fromkeys(columns)]

    def _with_children(self, chunk: list[Draft]) -> list[Draft]:
        for name, children in self.children.items():
            at = self._parent_column(self.mapping.rows[name])
            texts = {draft.row: key_text(draft.cells[at]) for draft in chunk}
            found = children.take(sorted({text for text in texts.values() if text}))
            shaper = self.row_shapers[name]
            for draft in chunk:
                rows = found.pop(texts[draft.row], [])
                draft.lines[name] = [Line(row, shaper.shape(cells), children.name) for row, cells in rows]
        return chunk

    def _claim_until(self, last: int) -> None:
        """Lines of the records that an earlier turn has dealt with are not left over."""
        for name, children in self.children.items():
            at = self._parent_column(self.mapping.rows[name])
            texts: set[str] = set()
            for number, cells in self.table.rows():
                if number > last:
                    break
                texts.add(key_text(cells[at]))
            children.claim(sorted(texts))

    def _parent_column(self, rows: RowsSource) -> int:
        return self.table.header.index(rows.parent or rows.match or "")

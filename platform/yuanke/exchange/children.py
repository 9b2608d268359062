"""The rows of a second file, waiting on disk until the records they belong to come by.

The one rule: a row that no record of the main file claims is told, never dropped.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator, Sequence

from yuanke.exchange.cells import Cell, CellFault, shown
from yuanke.exchange.limits import FileFault
from yuanke.exchange.reading import TableFile
from yuanke.kernel.text import message

_SLICE = 500


def key_text(cell: Cell) -> str:
    """What two files compare: the cell as text, without blanks around it."""
    return "" if cell is None or isinstance(cell, CellFault) else shown(cell).strip()


class Children:
    """All rows of ``table`` by the text of its column ``match``, in a temporary database that disappears with this
    object."""

    def __init__(self, table: TableFile, match: str) -> None:
        self.name = table.name
        self.header = table.header
        if match not in table.header:
            raise FileFault(message("明细文件里没有“{column}”这一列", column=match))
        at = table.header.index(match)
        self._rows = sqlite3.connect(
            "", isolation_level=None, check_same_thread=False
        )  # "" = a private file, gone on close
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute(
            "CREATE TABLE child (row INTEGER PRIMARY KEY, match TEXT, cells BLOB, used INTEGER DEFAULT 0)"
        )
        self._rows.execute("BEGIN")
        # pickled by this process for this process: the file has no name and no other reader
        self._rows.executemany(
            "INSERT INTO child (row, match, cells) VALUES (?, ?, ?)",
            ((number, key_text(values[at]), pickle.dumps(values)) for number, values in table.rows()),
        )
        self._rows.execute("CREATE INDEX by_match ON child (match)")
        self._rows.execute("COMMIT")

    def take(self, matches: Sequence[str]) -> dict[str, list[tuple[int, list[Cell]]]]:
        """match -> its rows in the order of the file; they count as claimed from now on."""
        found: dict[str, list[tuple[int, list[Cell]]]] = {}
        for start in range(0, len(matches), _SLICE):
            part = list(matches[start : start + _SLICE])
            places = ",".join("?" * len(part))
            rows = self._rows.execute(
                f"SELECT match, row, cells FROM child WHERE match IN ({places}) ORDER BY row", part
            )
            for match, row, cells in rows:
                found.setdefault(match, []).append((row, pickle.loads(cells)))
        self.claim(matches)
        return found

    def claim(self, matches: Sequence[str]) -> None:
        """These rows belong to a record of the main file."""
        for start in range(0, len(matches), _SLICE):
            part = list(matches[start : start + _SLICE])
            self._rows.execute(f"UPDATE child SET used = 1 WHERE match IN ({','.join('?' * len(part))})", part)

    def unclaimed(self) -> Iterator[tuple[int, str, list[Cell]]]:
        """(row, match, cells) of what no record claimed."""
        for row, match, cells in self._rows.execute("SELECT row, match, cells FROM child WHERE used = 0 ORDER BY row"):
            yield row, match, pickle.loads(cells)

    def close(self) -> None:
        self._rows.close()

"""How large a file may be, and the refusal that says so. The numbers stand here once; the child process gets them as
arguments."""

from __future__ import annotations

from typing import Any

from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import Message

MAX_BYTES = 100 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 500
#: characters of one cell; a worksheet itself holds 32,767
MAX_CELL = 100_000
#: cells of one worksheet with the empty ones between them, which a spreadsheet parser keeps in memory
MAX_SHEET_AREA = 12_000_000
#: bytes that one part of a workbook may have when unpacked, and how many parts there may be
MAX_PART_BYTES = 1_500_000_000
MAX_PARTS = 5_000
#: of the child process that parses a workbook: address space, processor seconds, seconds on the wall
CHILD_MEMORY = 1_300_000_000
CHILD_CPU = 120
CHILD_WALL = 240


class FileFault(Refusal):
    """A file that cannot be read as a table; the sentence names the line or cell and what to do."""

    code, status = "bad_file", 422

    def __init__(self, said: Message, *, line: int | None = None, cell: str | None = None) -> None:
        super().__init__(said, **{k: v for k, v in _place(line, cell).items() if v is not None})


def _place(line: int | None, cell: str | None) -> dict[str, Any]:
    return {"line": line, "cell": cell}

"""Workbooks, parsed by a child process under limits; only JSON lines in a temporary file come back.

The rows wait on disk, so a long import holds neither the child nor its memory.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from yuanke.exchange import cells, limits
from yuanke.exchange.limits import FileFault
from yuanke.kernel.text import Message, message

log = logging.getLogger("yuanke.exchange")
_CHILD = Path(__file__).with_name("sheet_child.py")
#: one large workbook at a time in a process: two children may not double the memory
_one_at_a_time = threading.Lock()
_LARGE = 4 << 20


class Sheet:
    """A parsed worksheet: ``sheets`` (names of all visible ones), ``sheet`` (this one), ``rows`` (last row number)."""

    def __init__(self, path: Path, wanted: str | None, first: int = 0) -> None:
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        try:
            _parse(path, wanted or "", first, self._spool)
            self._spool.seek(0)
            head = json.loads(self._spool.readline())
        except BaseException:
            self._spool.close()
            raise
        self._start = self._spool.tell()
        self.sheets: list[str] = head["sheets"]
        self.sheet: str = head["sheet"]
        self.rows: int = head["rows"]

    def records(self) -> Iterator[tuple[int, list[cells.Cell]]]:
        """Row number (from 1, as the spreadsheet shows it) and its cells, every row."""
        position = self._start
        while True:
            self._spool.seek(position)  # two iterations may take turns
            line = self._spool.readline()
            position = self._spool.tell()
            told = json.loads(line)
            if isinstance(told, dict):
                return
            yield told[0], [cells.from_json(v) for v in told[1]]

    def close(self) -> None:
        self._spool.close()


def _parse(path: Path, wanted: str, first: int, spool: IO[bytes]) -> None:
    """Run the child; returns when the spool is complete, raises FileFault otherwise."""
    bounds = {
        "memory": limits.CHILD_MEMORY,
        "cpu": limits.CHILD_CPU,
        "rows": limits.MAX_ROWS,
        "columns": limits.MAX_COLUMNS,
        "area": limits.MAX_SHEET_AREA,
        "part": limits.MAX_PART_BYTES,
        "parts": limits.MAX_PARTS,
        "first": first,
    }
    command = [sys.executable, "-I", str(_CHILD), str(path.resolve()), wanted, json.dumps(bounds)]
    with _one_at_a_time if path.stat().st_size > _LARGE else nullcontext():
        try:
            # the child's environment is empty: it needs nothing, and a file must not reach what lies there
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=spool,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=limits.CHILD_WALL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FileFault(_BURST) from None
    told = _last_line(spool)
    if told.get("end"):
        return
    log.warning("a workbook of %s bytes was not read: %s", path.stat().st_size, told or "the child ended early")
    raise _fault(told)


def _last_line(spool: IO[bytes]) -> dict[str, Any]:
    """The child's last word; {} when it ended in the middle of a row (killed by its limits)."""
    size = spool.seek(0, 2)
    spool.seek(max(0, size - 4096))
    lines = spool.read().rstrip(b"\n").rsplit(b"\n", 1)
    try:
        told = json.loads(lines[-1])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


_BURST = message("这个工作簿太大或太复杂，读取它超出了允许的内存或时间；请只保留要导入的工作表，或另存为 CSV")


def _fault(told: dict[str, Any]) -> FileFault:
    sentences: dict[str, Message] = {
        "sparse": message(
            "单元格 {cell} 离其他数据太远（整张表只有 {cells} 格有内容）；请删掉它，或把数据复制到新的工作表", **told
        ),
        "columns": message("工作表有 {columns} 列，最多 {most} 列；请删掉不导入的列", most=limits.MAX_COLUMNS, **told),
        "rows": message("工作表有 {rows} 行，最多 {most} 行；请拆成几个文件", most=limits.MAX_ROWS, **told),
        "area": message("工作表有 {area} 格，太大了；请拆成几个文件，或另存为 CSV", **told),
        "bomb": message("文件中的 {part} 解压后大得不正常，没有读取", **told),
        "parts": message("文件里有 {parts} 个部分，这不是正常的工作簿", **told),
        "doctype": message("文件中的 {part} 带有外部实体或文档类型声明，正常的工作簿没有它们，因此没有读取", **told),
        "locked": message("文件有打开密码；请先在表格软件里去掉密码再上传"),
        "not_workbook": message("这是压缩包，但里面不是 .xlsx 工作簿；请在表格软件里另存为 .xlsx 或 CSV"),
        "no_sheet": message("没有找到工作表“{sheet}”", **told),
        "damaged": message("文件已损坏，或不是真正的工作簿；请在表格软件里打开后另存为 .xlsx"),
        "memory": _BURST,
    }
    return FileFault(sentences.get(told.get("fault", ""), _BURST), cell=told.get("cell"))

"""Delimited text of any origin: encoding and delimiter are found out, and every fault names its line.

The file is decoded twice piece by piece (once to find the encoding and count lines, once to read); it is never whole
in memory.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yuanke.exchange import limits
from yuanke.exchange.cells import unquote
from yuanke.exchange.limits import FileFault
from yuanke.kernel.text import message

DELIMITERS = (",", ";", "\t", "|")
_PIECE = 1 << 20
_MAX_LINE = 8 << 20
_SAMPLE = 1 << 16
#: so many good multi-byte characters before the first bad byte mean UTF-8 with a fault in it, not another encoding
_CLEARLY_UTF8 = 8


@dataclass(frozen=True)
class TextTable:
    """A sniffed text file. ``lines`` is the number of its line ends, at least the number of its rows."""

    path: Path
    encoding: str
    delimiter: str
    lines: int

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Row number (rows, not lines: as a spreadsheet shows them) and cells; blank rows are counted and left out."""
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
            lines = _lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            number, first = 0, 1
            while True:
                try:
                    record = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise _csv_fault(error, first, reader.line_num) from None
                number += 1
                if len(record) > limits.MAX_COLUMNS and any(record[limits.MAX_COLUMNS :]):
                    raise FileFault(
                        message(
                            "第 {line} 行有 {columns} 列，最多 {most} 列；请检查分隔符和引号，或删掉不导入的列",
                            line=first,
                            columns=len(record),
                            most=limits.MAX_COLUMNS,
                        ),
                        line=first,
                    )
                if any(record):
                    if number == 1 and len(record) == 1 and record[0].lower().startswith("sep="):
                        record = []
                    elif number > limits.MAX_ROWS + 1:
                        raise FileFault(message("文件超过 {most} 行；请拆成几个文件", most=limits.MAX_ROWS), line=first)
                    for cell in record:
                        if len(cell) > limits.MAX_CELL:
                            raise _long_cell(first)
                    if record:
                        yield number, [unquote(cell).replace("\r\n", "\n") for cell in record]
                first = reader.line_num + 1


def sniff(path: Path) -> TextTable:
    """Find out how a text file is written. Raises FileFault where it cannot be read as text."""
    encoding = _encoding(path)
    lines = _decode_all(path, encoding)
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        sample = text.read(_SAMPLE)
    return TextTable(path, encoding, _delimiter(sample), lines)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_MAX_LINE):
        number += 1
        if len(line) >= _MAX_LINE:
            raise _long_cell(number)
        if "\0" in line:
            raise FileFault(
                message("第 {line} 行含有空字符（NUL），这不是正常的文本文件；请重新另存为 CSV", line=number),
                line=number,
            )
        yield line


def _long_cell(line: int) -> FileFault:
    return FileFault(
        message(
            "第 {line} 行有一格超过 {most} 个字符；请检查引号是否成对，或缩短内容", line=line, most=limits.MAX_CELL
        ),
        line=line,
    )


def _csv_fault(error: csv.Error, first: int, reached: int) -> FileFault:
    told = str(error)
    if "field larger" in told and reached <= first:
        return _long_cell(first)
    if "end of data" in told or "field larger" in told:
        return FileFault(
            message(
                "第 {line} 行有一个引号一直没有闭合（读到第 {reached} 行）；请补上引号，单元格里的引号要写成两个",
                line=first,
                reached=reached,
            ),
            line=first,
        )
    return FileFault(
        message(
            "第 {reached} 行的引号不成对（这条记录从第 {line} 行开始）；单元格里的引号要写成两个",
            line=first,
            reached=reached,
        ),
        line=first,
    )


def _encoding(path: Path) -> str:
    """By byte order mark, else by where zero bytes stand, else UTF-8, else GB18030."""
    with path.open("rb") as raw:
        head = raw.read(_SAMPLE)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileFault(message("文件是 UTF-32 编码；请另存为 UTF-8"))
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head and (guess := _utf16_without_mark(head)):
        return guess
    return "utf-8" if _is_utf8(path) else "gb18030"


def _utf16_without_mark(head: bytes) -> str | None:
    even = head[: len(head) // 2 * 2]
    for encoding, newline in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
        text = even.decode(encoding, "replace")
        if newline in even and "\0" not in text and text.count("�") <= 1 and "\n" in text:
            return encoding
    return None


def _is_utf8(path: Path) -> bool:
    """False when another encoding should be tried; a file that is clearly UTF-8 with a bad byte in it is refused
    here."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    good, line = 0, 1
    with path.open("rb") as raw:
        while True:
            piece = raw.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode("utf-8")
                good += sum(letter > "\x7f" for letter in before)
                if good < _CLEARLY_UTF8:
                    return False
                raise _bad_byte("UTF-8", line + before.count("\n")) from None
            if not piece:
                return True
            good += 0 if text.isascii() else sum(letter > "\x7f" for letter in text)
            line += text.count("\n")


def _decode_all(path: Path, encoding: str) -> int:
    """Decode everything once; the number of line ends, or FileFault with the line of the first bad byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    unix = mac = 0
    with path.open("rb") as raw:
        while True:
            piece = raw.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "replace")
                raise _bad_byte(encoding.upper(), unix + before.count("\n") + 1) from None
            if not piece:
                return max(unix, mac)
            unix += text.count("\n")
            mac += text.count("\r")


def _bad_byte(encoding: str, line: int) -> FileFault:
    return FileFault(
        message(
            "第 {line} 行有无法识别的字符（按 {encoding} 读取）；请用表格软件另存为“CSV UTF-8”",
            line=line,
            encoding=encoding,
        ),
        line=line,
    )


def _delimiter(sample: str) -> str:
    """The delimiter under which most rows of the sample have as many cells as its first row, and more than one."""
    first = sample.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if any(row):
                    rows.append(row)
                if len(rows) == 25:
                    break
        except csv.Error:
            pass
        if len(rows) > 2 and len(sample) >= _SAMPLE:
            rows.pop()  # may be cut
        width = max((len(row) for row in rows[:5]), default=0)
        if width > 1:
            score = (sum(len(row) == width for row in rows) / len(rows), width)
            if score > best_score:
                best, best_score = delimiter, score
    return best

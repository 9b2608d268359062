"""Reads one worksheet in a process of its own: a file that bursts takes this process down and nothing else.

Run by path with ``python -I``; knows only the standard library and python-calamine. Writes JSON lines to stdout: first
``{"sheets", "sheet", "rows"}``, then ``[row number, [cells]]``, last ``{"end": true}``; or ``{"fault": code, ...}``.
Cells: text, number, bool, null, ``{"d": date}``, ``{"t": datetime}``, ``{"h": time}``, ``{"s": seconds}``, ``{"!":
code}``.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zipfile
from typing import IO, Any

CELL = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?c\b[^>]*?\sr\s*=\s*[\"']([A-Za-z]{1,4})(\d{1,8})[\"'](?:[^>]*?[^/>])?>")
NO_VALUE = re.compile(
    rb"<c\b[^>]*?\sr=\"([A-Z]{1,3}\d+)\"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
ERROR = re.compile(rb"<c\b(?=[^>]*\st=\"e\")[^>]*?\sr=\"([A-Z]{1,3}\d+)\"[^>]*>")
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
#: the parts that a parser reads whole, each with its share of the limit
READ_WHOLE = {WORKBOOK: 40, RELATIONS: 40, "xl/styles.xml": 20, "xl/sharedstrings.xml": 4}
CHUNK = 1 << 20
REMEMBERED = 100_000  # rows whose faulty cells are told one by one


class Fault(Exception):
    def __init__(self, code: str, **more: Any) -> None:
        self.told = {"fault": code, **more}


def limit(memory: int, cpu: int) -> None:
    """Give this process no more than it may use; systems without `resource` go on with the wall clock alone."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(kind, (amount, amount))


def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def cell_place(ref: bytes) -> tuple[int, int]:
    text = ref.decode()
    letters = text.rstrip("0123456789")
    return int(text[len(letters) :]), column_number(letters)


class Scan:
    """What one pass over the XML of a sheet finds out: its true extent, and cells that have no usable value."""

    def __init__(self, limits: dict[str, int]) -> None:
        self.limits = limits
        self.rows = self.columns = self.cells = 0
        self.corner = ""
        self.faulty: dict[int, dict[int, str]] = {}

    def feed(self, piece: bytes) -> None:
        for letters, number in ((a, int(b)) for a, b in CELL.findall(piece)):
            self.cells += 1
            if number > self.rows:
                self.rows, self.corner = number, letters.decode() + str(number)
            if len(letters) > 1 or letters > b"A":
                self.columns = max(self.columns, column_number(letters.decode()))
        self.columns = max(self.columns, 1 if self.cells else 0)
        for code, pattern, sign in (("no_value", NO_VALUE, b"<f"), ("error", ERROR, b't="e"')):
            if sign in piece and len(self.faulty) < REMEMBERED:
                for row, column in map(cell_place, pattern.findall(piece)):
                    self.faulty.setdefault(row, {})[column] = code

    def check(self) -> None:
        area = self.rows * self.columns
        if area > self.limits["area"] and area > 20 * self.cells:
            raise Fault("sparse", cell=self.corner, cells=self.cells)
        if self.columns > self.limits["columns"]:
            raise Fault("columns", columns=self.columns)
        if self.rows > self.limits["rows"] + 1:
            raise Fault("rows", rows=self.rows)
        if area > self.limits["area"]:
            raise Fault("area", area=area)


def unpack(part: IO[bytes], name: str, most: int, scan: Scan | None = None) -> None:
    """Unpack a part piece by piece, counting what really comes out whatever the archive declares."""
    total, rest = 0, b""
    while piece := part.read(CHUNK):
        total += len(piece)
        if total > most:
            raise Fault("bomb", part=name)
        piece = rest + piece
        if DOCTYPE.search(piece):
            raise Fault("doctype", part=name)
        if scan is None:
            rest = piece[-16:]
            continue
        cut = piece.rfind(b"</c>") + 4
        if cut == 3:
            cut = max(piece.rfind(b"<"), 0)
        rest = piece[cut:] if len(piece) - cut < 4 * CHUNK else b""
        scan.feed(piece[:cut])
    if scan is not None:
        scan.feed(rest)
        scan.check()


def sheet_parts(book: zipfile.ZipFile, names: dict[str, str]) -> dict[str, str]:
    """Sheet name -> name of its part, by the workbook's own relations."""
    from xml.etree import ElementTree

    targets, found = {}, {}
    for rel in ElementTree.fromstring(book.read(names[RELATIONS])):
        target = rel.get("Target", "")
        targets[rel.get("Id")] = target.lstrip("/") if target.startswith("/") else "xl/" + target
    for node in ElementTree.fromstring(book.read(names[WORKBOOK])).iter():
        if node.tag.endswith("}sheet") or node.tag == "sheet":
            rel_id = next((v for k, v in node.attrib.items() if k.endswith("}id")), None)
            part = names.get(targets.get(rel_id, "").lower())
            if part:
                found[node.get("name", "")] = part
    return found


def check_archive(path: str, limits: dict[str, int]) -> dict[str, str]:
    """Refuse what is no workbook, is locked, or unpacks beyond measure; answer where each sheet lies."""
    try:
        book = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise Fault("damaged") from None
    with book:
        entries = book.infolist()
        if len(entries) > limits["parts"]:
            raise Fault("parts", parts=len(entries))
        names = {e.filename.lower().lstrip("/"): e.filename for e in entries}
        if WORKBOOK not in names or RELATIONS not in names:
            raise Fault("not_workbook")
        if any(e.flag_bits & 1 for e in entries):
            raise Fault("locked")
        for part, share in READ_WHOLE.items():
            if part in names:
                with book.open(names[part]) as stream:
                    unpack(stream, part, limits["part"] // share)
        return sheet_parts(book, names)


def scan_sheet(path: str, part: str, limits: dict[str, int]) -> Scan:
    scan = Scan(limits)
    with zipfile.ZipFile(path) as book, book.open(part) as stream:
        unpack(stream, part, limits["part"], scan)
    return scan


def plain(value: Any) -> Any:
    """A calamine value as JSON; whole numbers beyond 15 digits have lost digits already in the spreadsheet."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        if abs(value) >= 1e15:
            return {"!": "digits", "v": repr(value)}
        return int(value) if value == int(value) else value
    kind = type(value).__name__
    if kind == "timedelta":
        return {"s": value.total_seconds()}
    return {{"date": "d", "datetime": "t", "time": "h"}[kind]: value.isoformat()}


def read(path: str, wanted: str, limits: dict[str, int], out: IO[str]) -> None:
    with open(path, "rb") as stream:
        zipped = stream.read(4) == b"PK\x03\x04"
    parts = check_archive(path, limits) if zipped else {}
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
    except PasswordError:
        raise Fault("locked") from None
    sheets = [
        m.name
        for m in book.sheets_metadata
        if m.typ == SheetTypeEnum.WorkSheet and m.visible == SheetVisibleEnum.Visible
    ]
    if not sheets or (wanted and wanted not in sheets):
        raise Fault("no_sheet", sheet=wanted, sheets=sheets)
    scan, sheet = Scan(limits), None
    for name in [wanted] if wanted else sheets:
        scan = scan_sheet(path, parts[name], limits) if name in parts else Scan(limits)
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            break
    assert sheet is not None
    _, left = sheet.start or (0, 0)
    if left + sheet.width > limits["columns"]:
        raise Fault("columns", columns=left + sheet.width)
    if (rows := last_row(sheet)) > limits["rows"] + 1:
        raise Fault("rows", rows=rows)
    write_rows(sheet, sheets, left, scan.faulty, limits["first"], out)


def last_row(sheet: Any) -> int:
    """Number of the last row that holds anything (calamine counts from 0; its ``total_height`` is one less)."""
    return sheet.end[0] + 1 if sheet.end else 0


def write_rows(
    sheet: Any, sheets: list[str], left: int, faulty: dict[int, dict[int, str]], first: int, out: IO[str]
) -> None:
    """The ``first`` rows (0: all) from the top; calamine leaves out the empty columns before the data, not the rows."""
    encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode
    out.write(encode({"sheets": sheets, "sheet": sheet.name, "rows": last_row(sheet)}) + "\n")
    for number, values in enumerate(sheet.iter_rows(), 1):
        if first and number > first:
            break
        cells = [None] * left + [plain(v) for v in values]
        for column, code in faulty.get(number, {}).items():
            if column <= len(cells) and cells[column - 1] is None:
                cells[column - 1] = {"!": code}
        out.write(encode([number, cells]) + "\n")
    out.write('{"end": true}\n')


def main() -> None:
    path, wanted, limits = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    limit(limits["memory"], limits["cpu"])
    with open(sys.stdout.fileno(), "w", encoding="utf-8", buffering=CHUNK, closefd=False) as out:
        answer(path, wanted, limits, out)


def answer(path: str, wanted: str, limits: dict[str, int], out: IO[str]) -> None:
    try:
        read(path, wanted, limits, out)
    except Fault as fault:
        out.write(json.dumps(fault.told) + "\n")
    except MemoryError:
        out.write('{"fault": "memory"}\n')
    except Exception as error:  # whatever a hostile file provokes is a damaged file, told with its kind
        out.write(json.dumps({"fault": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}) + "\n")


if __name__ == "__main__":
    main()

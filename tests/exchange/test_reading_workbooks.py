"""Workbooks: values come as the spreadsheet shows them; a hostile one is refused and this process lives on, lean."""

from __future__ import annotations

import datetime as dt
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from yuanke.exchange import limits
from yuanke.exchange.cells import ERROR_VALUE, LOST_DIGITS, NO_VALUE, CellFault
from yuanke.exchange.limits import FileFault
from yuanke.exchange.reading import open_table

from tests.exchange.workbooks import MAIN, PACKAGE, REL, raw_workbook, text_cell


def rows_of(path: Path, sheet: str | None = None) -> list[tuple[int, list]]:
    with open_table(path, "f.xlsx", sheet) as table:
        return list(table.rows())


def refusal(path: Path, name: str = "f.xlsx") -> FileFault:
    with pytest.raises(FileFault) as caught:
        open_table(path, name)
    return caught.value


def test_values_come_typed_and_row_numbers_are_the_spreadsheets(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    sheet = book.add_worksheet("客户")
    day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_row(1, 1, ["名称", "数量", "日期", "时间", "有效", "金额"])
    sheet.write_string(3, 1, "甲")
    sheet.write_number(3, 2, 5)
    sheet.write_datetime(3, 3, dt.datetime(2024, 3, 5), day)
    sheet.write_datetime(3, 4, dt.datetime(2024, 3, 5, 7, 8, 9), moment)
    sheet.write_boolean(3, 5, True)
    sheet.write_number(3, 6, 0.1 + 0.2)
    book.close()
    with open_table(tmp_path / "b.xlsx", "b.xlsx") as table:
        assert table.header == ["列1", "名称", "数量", "日期", "时间", "有效", "金额"]
        ((number, values),) = table.rows()
    assert number == 4
    assert values == [None, "甲", 5, dt.date(2024, 3, 5), dt.datetime(2024, 3, 5, 7, 8, 9), True, 0.3]


def test_visible_sheets_are_named_and_can_be_chosen(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    book.add_worksheet("空")
    for name in ("一", "二", "藏"):
        sheet = book.add_worksheet(name)
        sheet.write_column(0, 0, ["h", name])
    sheet.hide()
    book.close()
    with open_table(tmp_path / "b.xlsx", "b.xlsx") as table:
        assert table.sheets == ["空", "一", "二"]
        assert table.sheet == "一"  # the first that holds anything
    assert rows_of(tmp_path / "b.xlsx", "二") == [(2, ["二"])]
    with pytest.raises(FileFault, match="没有找到工作表“藏”"):
        rows_of(tmp_path / "b.xlsx", "藏")


@pytest.mark.parametrize("from_1904, expected", [("0", dt.date(2024, 3, 5)), ("1", dt.date(2028, 3, 6))])
def test_both_date_systems_are_understood(tmp_path, from_1904, expected):
    formats = '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs count="2">{formats}</cellXfs></styleSheet>'
    relations = (
        f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{REL}/styles" Target="styles.xml"/></Relationships>'
    )
    book = raw_workbook(
        tmp_path / "d.xlsx",
        f'<row r="1">{text_cell("A1", "日期")}</row><row r="2"><c r="A2" s="1"><v>45356</v></c></row>',
        workbook_more=f'<workbookPr date1904="{from_1904}"/>',
        parts={"xl/styles.xml": styles.encode(), "xl/_rels/workbook.xml.rels": relations.encode()},
    )
    assert rows_of(book) == [(2, [expected])]


def test_cells_without_a_usable_value_say_why(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["身份证", "公式", "算好的", "错误"])
    sheet.write_number(1, 0, 12345678901234567)
    sheet.write_formula(1, 1, "=1+1", None, "")
    sheet.write_formula(1, 2, '=A1&"x"', None, "ax")
    sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    sheet.write_string(2, 0, "12345678901234567")
    sheet.write_number(2, 1, 999999999999999)
    book.close()
    (_, first), (_, second) = rows_of(tmp_path / "b.xlsx")
    assert [c.said if isinstance(c, CellFault) else c for c in first] == [LOST_DIGITS, NO_VALUE, "ax", ERROR_VALUE]
    assert second[:2] == ["12345678901234567", 999999999999999]


def test_the_small_workbook_with_two_far_corners_is_refused_and_names_the_cell(tmp_path):
    bomb = raw_workbook(
        tmp_path / "bomb.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    )
    assert bomb.stat().st_size < 3000
    fault = refusal(bomb)
    assert "XFD1048576" in fault.said.say()


def test_a_far_corner_that_hides_from_the_scan_bursts_the_child_only(tmp_path):
    # the same bomb with a spelling the scan does not know: an entity in the reference
    bomb = raw_workbook(
        tmp_path / "bomb.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="&#88;FD1048576"><v>1</v></c></row>',
    )
    assert refusal(bomb).code == "bad_file"


def test_formatted_but_empty_corners_do_no_harm(tmp_path):
    book = raw_workbook(
        tmp_path / "f.xlsx",
        f'<row r="1">{text_cell("A1", "h")}{text_cell("B1", "k")}</row>'
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="0"/></row>',
    )
    assert rows_of(book) == [(2, [1, 2])]


def peak_of_reading(path: Path) -> tuple[str, int]:
    """What a fresh process says about a file, and its own peak memory in MB (without the child's, which has its
    limit)."""
    code = (
        "import re, sys\n"
        "from yuanke.exchange.limits import FileFault\n"
        "from yuanke.exchange.reading import open_table\n"
        "try:\n"
        "    with open_table(sys.argv[1], sys.argv[1]) as table:\n"
        "        print(sum(1 for _ in table.rows()))\n"
        "except FileFault as fault:\n"
        "    print(fault.said.say())\n"
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]) // 1024)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, env=environment, check=True
    )
    answer, peak = done.stdout.splitlines()
    return answer, int(peak)


def test_a_million_rows_in_a_small_file_stay_within_bounds(tmp_path):
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 1_000_101))
    book = raw_workbook(tmp_path / "long.xlsx", rows)
    assert book.stat().st_size < 8_000_000
    answer, peak = peak_of_reading(book)
    assert "1000100 行" in answer
    assert peak < 100


def test_large_files_are_read_in_little_memory(tmp_path, monkeypatch):
    book = xlsxwriter.Workbook(tmp_path / "large.xlsx", {"constant_memory": True})
    sheet = book.add_worksheet()
    for row in range(20_000):
        sheet.write_row(row, 0, [f"客户{row}", "广东省/深圳市", row, row + 0.5, "一段备注" * 5])
    book.close()
    assert peak_of_reading(tmp_path / "large.xlsx")[0] == "19999"
    assert peak_of_reading(tmp_path / "large.xlsx")[1] < 100
    monkeypatch.setattr(limits, "CHILD_MEMORY", 200_000_000)
    assert len(rows_of(tmp_path / "large.xlsx")) == 19_999
    monkeypatch.setattr(limits, "CHILD_MEMORY", 30_000_000)
    assert "内存" in refusal(tmp_path / "large.xlsx").said.say()
    text = tmp_path / "large.csv"
    with text.open("w", encoding="gb18030", newline="") as stream:
        stream.writelines(
            f"客户{row},广东省/深圳市,{row},一段备注一段备注一段备注一段备注\r\n" for row in range(200_000)
        )
    answer, peak = peak_of_reading(text)
    assert answer == "199999"
    assert peak < 100


def test_a_zip_bomb_is_stopped_by_what_really_comes_out(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_PART_BYTES", 20_000_000)
    path = raw_workbook(tmp_path / "zip.xlsx", "", parts={"xl/sharedStrings.xml": b" " * 30_000_000})
    # the archive lies about the unpacked size
    content = bytearray(path.read_bytes())
    content = content.replace(struct.pack("<I", 30_000_000), struct.pack("<I", 1000))
    path.write_bytes(content)
    fault = refusal(path)
    assert fault.said.text.startswith("文件中的 {part} 解压后") or "损坏" in fault.said.say()
    honest = raw_workbook(tmp_path / "zip2.xlsx", "", parts={"xl/sharedStrings.xml": b" " * 30_000_000})
    assert "sharedstrings" in refusal(honest).said.say()


def test_too_many_parts_are_refused(tmp_path):
    path = raw_workbook(tmp_path / "many.xlsx", "", parts={f"x/{i}": b"" for i in range(6_000)})
    assert "部分" in refusal(path).said.say()


def test_external_entities_and_entity_bombs_are_refused_unexpanded(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP SECRET")
    xxe = raw_workbook(
        tmp_path / "xxe.xlsx",
        f'<row r="1">{text_cell("A1", "&x;")}</row>',
        head=f'<!DOCTYPE w [<!ENTITY x SYSTEM "file://{secret}">]>',
    )
    assert "外部实体" in refusal(xxe).said.say()
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    bomb = raw_workbook(tmp_path / "lol.xlsx", "", head=" " * 9000 + f'<!DOCTYPE w [<!ENTITY l0 "ha">{laughs}]>')
    assert "外部实体" in refusal(bomb).said.say()


def test_an_encrypted_workbook_asks_for_one_without_password(tmp_path):
    path = tmp_path / "locked.xlsx"
    path.write_bytes(ole_file(["EncryptionInfo", "EncryptedPackage"]))
    assert "密码" in refusal(path).said.say()


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("f.xlsx", b"a,b\n1,2\n", "把扩展名改为 .csv"),
        ("f.xls", b"<html><body><table></table></body></html>", "网页"),
        ("f.xlsx", b"PK\x03\x04" + b"\0" * 100, "已损坏"),
        ("f.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "已损坏"),
    ],
)
def test_a_wrong_extension_or_a_damaged_file_is_told_plainly(tmp_path, name, content, said):
    path = tmp_path / "x"
    path.write_bytes(content)
    assert said in refusal(path, name).said.say()


def test_a_zip_that_is_no_workbook_and_a_workbook_called_csv(tmp_path):
    path = tmp_path / "z"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "不是 .xlsx 工作簿" in refusal(path).said.say()
    book = raw_workbook(tmp_path / "b.xlsx", f'<row r="1">{text_cell("A1", "h")}</row>')
    assert "改回 .xlsx" in refusal(book, "客户.csv").said.say()


def test_a_truncated_workbook_is_damaged_not_half_read(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    sheet = book.add_worksheet()
    for i in range(2000):
        sheet.write_row(i, 0, [f"name {i}", i])
    book.close()
    content = (tmp_path / "b.xlsx").read_bytes()
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(content[: len(content) // 2])
    assert "已损坏" in refusal(cut).said.say()


def ole_file(streams: list[str]) -> bytes:
    """The smallest OLE container with empty streams of these names (what Excel's encryption produces)."""
    sector = 512
    header = bytearray(sector)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 40, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<I", header, 76, 0)
    for i in range(1, 109):
        struct.pack_into("<I", header, 76 + 4 * i, 0xFFFFFFFF)
    fat = bytearray(b"\xff" * sector)
    struct.pack_into("<II", fat, 0, 0xFFFFFFFD, 0xFFFFFFFE)
    directory = bytearray()
    names = ["Root Entry", *streams]
    for i, name in enumerate(names):
        entry = bytearray(128)
        raw = name.encode("utf-16-le")
        entry[: len(raw)] = raw
        kind = 5 if i == 0 else 2
        right = i + 1 if 0 < i < len(streams) else 0xFFFFFFFF
        child = 1 if i == 0 and streams else 0xFFFFFFFF
        struct.pack_into("<HBBIII", entry, 64, len(raw) + 2, kind, 1, 0xFFFFFFFF, right, child)
        struct.pack_into("<IQ", entry, 116, 0xFFFFFFFE, 0)
        directory += entry
    directory += b"\0" * (-len(directory) % sector)
    return bytes(header + fat + directory)


def test_a_look_at_the_beginning_takes_no_more_and_knows_how_much_there_is(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    book.add_worksheet().write_column(0, 0, ["h", *range(500)])
    book.close()
    with open_table(tmp_path / "b.xlsx", "b.xlsx", first=50) as table:
        assert table.header == ["h"] and table.rows_at_most == 500
        assert len(list(table.rows())) == 49

"""Delimited text of any origin is read as its author meant it, or refused with the line to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.exchange import limits
from yuanke.exchange.limits import FileFault
from yuanke.exchange.reading import open_table

TABLE = "客户名称,电话,备注\n深圳恒通科技股份有限公司,0755-86310021,展会认识\n苏州华信电子,13800138000,\n"


def read(folder: Path, content: bytes, name: str = "客户.csv") -> tuple[list[str], list[tuple[int, list]]]:
    path = folder / "upload.bin"
    path.write_bytes(content)
    with open_table(path, name) as table:
        return table.header, list(table.rows())


def refusal(folder: Path, content: bytes, name: str = "客户.csv") -> FileFault:
    with pytest.raises(FileFault) as caught:
        read(folder, content, name)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_encoding_gives_the_same_cells(tmp_path, encoding):
    header, rows = read(tmp_path, TABLE.encode(encoding))
    assert header == ["客户名称", "电话", "备注"]
    assert rows == [
        (2, ["深圳恒通科技股份有限公司", "0755-86310021", "展会认识"]),
        (3, ["苏州华信电子", "13800138000", None]),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_when_cells_hold_the_others(tmp_path, delimiter):
    content = (
        delimiter.join(["a", "b"]) + "\n" + delimiter.join(['"x,y;z"', "1"]) + "\n" + delimiter.join(["p", "2"]) + "\n"
    )
    header, rows = read(tmp_path, content.encode())
    assert header == ["a", "b"]
    assert rows == [(2, ["x,y;z", "1"]), (3, ["p", "2"])]


def test_excels_sep_line_is_obeyed(tmp_path):
    header, rows = read(tmp_path, b"sep=;\na;b\n1,5;2\n")
    assert (header, rows) == (["a", "b"], [(3, ["1,5", "2"])])


def test_mixed_line_ends_and_line_breaks_in_cells(tmp_path):
    _, rows = read(tmp_path, b'a,b\r\n1,"x\r\ny"\n2,z\r3,w\r\n\r\n4,v')
    assert rows == [(2, ["1", "x\ny"]), (3, ["2", "z"]), (4, ["3", "w"]), (6, ["4", "v"])]


def test_a_title_above_the_header_is_passed_over(tmp_path):
    header, rows = read(tmp_path, "华东客户资料\n\n名称,电话\n甲,1\n乙,2\n".encode())
    assert header == ["名称", "电话"]
    assert [number for number, _ in rows] == [4, 5]


def test_a_stray_comma_in_a_one_column_file_is_no_header(tmp_path):
    header, rows = read(tmp_path, b"name\nalpha\nbeta\ngamma, Ltd\ndelta\n")
    assert header == ["name"]
    assert rows[2] == (4, ["gamma", " Ltd"])  # longer than the header: the import tells the row


def test_equal_and_empty_header_names_become_unique(tmp_path):
    header, _ = read(tmp_path, "电话,,电话,电话\n1,2,3,4\n".encode())
    assert header == ["电话", "列2", "电话 (2)", "电话 (3)"]


def test_rows_can_be_resumed_after_a_row(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\n" + b"".join(b"%d\n" % i for i in range(10)))
    with open_table(path, "f.csv") as table:
        assert [n for n, _ in table.rows(after=8)] == [9, 10, 11]
        assert table.rows_at_most >= 10


def test_nul_is_told_with_its_line(tmp_path):
    fault = refusal(tmp_path, b"a,b\n1,2\n3,x\0y\n")
    assert fault.extra["line"] == 3
    assert "第 3 行" in fault.said.say()


def test_an_unclosed_quote_is_told_with_the_line_where_it_opens(tmp_path):
    fault = refusal(tmp_path, b'a,b\n1,2\n3,"x\n4,y\n5,z\n')
    assert fault.extra["line"] == 3
    far = b'a,b\n1,2\n3,"x\n' + b"4,some more text\n" * 20_000
    assert refusal(tmp_path, far).extra["line"] == 3


def test_a_quote_in_the_middle_of_a_cell_is_told_with_its_line(tmp_path):
    fault = refusal(tmp_path, b'a,b\n1,"he said "hi" twice"\n')
    assert fault.extra["line"] == 2


def test_a_cell_of_ten_megabytes_is_told_with_its_line(tmp_path):
    assert refusal(tmp_path, b"a,b\n1,2\n3," + b"x" * 10_000_000 + b"\n").extra["line"] == 3
    assert refusal(tmp_path, b'a,b\n1,2\n3,"' + b"x" * 10_000_000 + b'"\n').extra["line"] == 3
    assert refusal(tmp_path, b"a,b\n1,2\n3," + b"x" * (limits.MAX_CELL + 1) + b"\n").extra["line"] == 3


def test_ten_thousand_columns_are_told_with_the_line(tmp_path):
    wide = b",".join(b"c%d" % i for i in range(10_000))
    assert refusal(tmp_path, wide + b"\n").extra["line"] == 1
    assert refusal(tmp_path, b"a,b\n1,2\n" + wide + b"\n").extra["line"] == 3


def test_a_bad_byte_in_utf8_is_told_with_its_line_and_not_read_as_mojibake(tmp_path):
    content = TABLE.encode() + "坏的行".encode()[:-1] + b",1,2\n"
    fault = refusal(tmp_path, content)
    assert fault.extra["line"] == 4
    assert "UTF-8" in fault.said.say()


def test_bytes_of_no_known_encoding_are_told_with_their_line(tmp_path):
    assert refusal(tmp_path, b"a,b\n\xff\xff\xff,1\n").extra["line"] == 2


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "文件是空的"),
        (b"\n\n , \n", "没有任何内容"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "网页"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"),
        (b"PK\x03\x04rest", "扩展名"),
    ],
)
def test_what_is_no_text_table_is_refused_by_its_content(tmp_path, content, said):
    assert said in refusal(tmp_path, content).said.say()


def test_a_file_over_the_limit_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 2 << 20)
    assert "最多 2 MB" in refusal(tmp_path, b"a,b\n" * (1 << 20)).said.say()


def test_rows_over_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 5)
    assert "超过 5 行" in refusal(tmp_path, b"a\n" + b"1\n" * 6).said.say()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=8),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]),
)
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, rows, encoding):
    import csv
    import io

    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["h1", "h2", "h3"], *([f"x{r[0]}", f"y{r[1]}", f"z{r[2]}"] for r in rows)])
    _, found = read(tmp_path_factory.mktemp("csv"), buffer.getvalue().encode(encoding))
    assert [values for _, values in found] == [[f"x{r[0]}", f"y{r[1]}", f"z{r[2]}"] for r in rows]

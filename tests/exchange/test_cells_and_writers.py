"""Nothing that leaves can act as a formula, and what left comes back unchanged."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.exchange.cells import quote, unquote
from yuanke.exchange.reading import open_table
from yuanke.exchange.writers import SHEET_CELL, writer

ATTACKS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u200b=1",
    "\ufeff=1",
    "\u00a0=1",
    "\u3000=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|' /C calc'!A0",
    "\u202e=1",
    "\x07=1",
    ' \u200b \t＝HYPERLINK("http://x")',
]


@pytest.mark.parametrize("text", ATTACKS)
def test_what_would_act_as_a_formula_is_quoted_and_comes_back(text):
    assert quote(text) == "'" + text
    assert unquote(quote(text)) == text


@pytest.mark.parametrize("text", ["", "abc", "1-1", "a=b", "'quoted'", "it's", "3 - 2", "客户=甲", "'"])
def test_harmless_text_goes_out_as_it_is(text):
    assert quote(text) == text == unquote(text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("'=+-@＝ \t\u200ba1甲"), max_size=8))
def test_quoting_is_undone_exactly(text):
    assert unquote(quote(text)) == text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_attacks_are_inert_in_both_formats_and_return_by_import(tmp_path, form):
    path = tmp_path / f"out.{form}"
    to = writer(path, form)
    to.header(["=h", "b"])
    for text in ATTACKS:
        to.row([text, "x"])
    to.close()
    if form == "csv":
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        assert all(row[0].startswith("'") for row in rows)
    else:
        sheet = openpyxl.load_workbook(path).active
        assert all(cell.data_type in ("s", "inlineStr") for row in sheet.iter_rows() for cell in row)
    with open_table(path, path.name) as table:
        assert table.header[0] == "=h"
        read = [values[0] for _, values in table.rows()]
    folded = [text.replace("\r\n", "\n") for text in ATTACKS]
    assert [r.strip("\r\n") for r in read] == [f.strip("\r\n") for f in folded]


def test_a_sheet_keeps_types_and_loses_no_digit(tmp_path):
    path = tmp_path / "out.xlsx"
    to = writer(path, "xlsx", "客户/资料:[1]")
    to.header(["a", "b", "c", "d", "e", "f", "g", "h"])
    to.row(
        [
            1,
            Decimal("1234.50"),
            True,
            dt.date(2024, 3, 5),
            dt.datetime(2024, 3, 5, 7, 8, 9),
            Decimal("12345678901234567.89"),
            "00123",
            None,
        ]
    )
    to.row(["+86 138-0013 (8000)", 10**16 + 1, "x" * 40_000, "http://e", "", "=1", "'=1", 0])
    to.close()
    sheet = openpyxl.load_workbook(path).active
    first, second = list(sheet.iter_rows(min_row=2, values_only=True))
    assert first[:3] == (1, 1234.5, True)
    assert first[3] == dt.datetime(2024, 3, 5) and first[4] == dt.datetime(2024, 3, 5, 7, 8, 9)
    assert first[5:] == ("12345678901234567.89", "00123", None)
    assert second[0] == "+86 138-0013 (8000)" and second[1] == "10000000000000001"
    assert len(second[2]) == SHEET_CELL and "CSV" in second[2]
    assert second[5:7] == ("'=1", "''=1")


def test_numbers_in_csv_are_plain(tmp_path):
    path = tmp_path / "out.csv"
    to = writer(path, "csv")
    to.header(["a"])
    to.row(
        [
            Decimal("-1234567.50"),
            -5,
            True,
            dt.date(2024, 3, 5),
            dt.datetime(2024, 3, 5, 7, 8),
            None,
            1.5,
            Decimal("1E+3"),
        ]
    )
    to.close()
    assert path.read_text("utf-8-sig").splitlines()[1] == "-1234567.50,-5,TRUE,2024-03-05,2024-03-05 07:08:00,,1.5,1000"


def test_a_second_sheet_begins_where_the_first_is_full(tmp_path, monkeypatch):
    from yuanke.exchange import writers

    monkeypatch.setattr(writers, "SHEET_ROWS", 3)
    path = tmp_path / "out.xlsx"
    to = writer(path, "xlsx", "客户")
    to.header(["n"])
    for n in range(5):
        to.row([n])
    to.close()
    book = openpyxl.load_workbook(path)
    assert [[c.value for c in row] for sheet in book for row in sheet.iter_rows()] == [
        ["n"],
        [0],
        [1],
        ["n"],
        [2],
        [3],
        ["n"],
        [4],
    ]

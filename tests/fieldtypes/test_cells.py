"""Cells of spreadsheets and CSV files: what calamine and csv hand over, and what people had typed there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.fieldtypes import Place, Unresolved, ValueFault, catalogue
from yuanke.fieldtypes.links import Pair

from tests.fieldtypes.fieldvalues import OPTIONS, LinkValue, Spec

D = Decimal
HERE = Place()
TYPES = catalogue()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("text", 12.0, "12"),
        ("text", 12, "12"),
        ("text", 13800138000.0, "13800138000"),
        ("text", 0.1, "0.1"),
        ("text", D("12.50"), "12.5"),
        ("text", "110101199003078515", "110101199003078515"),
        ("text", 123456789012345.0, "123456789012345"),
        ("text", 110101199003078515, "110101199003078515"),
        ("text", "0012", "0012"),
        ("text", True, "TRUE"),
        ("text", datetime(2026, 3, 5), "2026-03-05"),
        ("text", datetime(2026, 3, 5, 14, 30), "2026-03-05 14:30"),
        ("text", "a\x0bb\x00", "ab"),
        ("text", 1e-7, "0.0000001"),
        ("phone", 13800138000.0, "13800138000"),
        ("barcode", 6901234567892.0, "6901234567892"),
        ("sequence", 20260001.0, "20260001"),
        ("integer", 12.0, 12),
        ("integer", "12", 12),
        ("integer", 11.999999999999998, None),
        ("money", 0.30000000000000004, D("0.30")),
        ("money", 1234.5, D("1234.50")),
        ("money", 12.345, D("12.35")),
        ("money", "1,234.50", D("1234.50")),
        ("money", 5, D(5)),
        ("money", 99999999999.99, D("99999999999.99")),
        ("quantity", 1.1 + 2.2, D("3.3")),
        ("percent", "10%", D(10)),
        ("percent", 0.1, D("0.1")),
        ("percent", 10.0, D(10)),
        ("bool", "是", True),
        ("bool", "否", False),
        ("bool", "Y", True),
        ("bool", "N", False),
        ("bool", "true", True),
        ("bool", 1.0, True),
        ("bool", 0, False),
        ("bool", True, True),
        ("date", datetime(2026, 3, 5), date(2026, 3, 5)),
        ("date", datetime(2026, 3, 5, 9), date(2026, 3, 5)),
        ("date", date(2026, 3, 5), date(2026, 3, 5)),
        ("date", "2026/3/5", date(2026, 3, 5)),
        ("month", datetime(2026, 3, 1), date(2026, 3, 1)),
        ("month", date(2026, 3, 9), date(2026, 3, 1)),
        ("month", "2026-03", date(2026, 3, 1)),
        ("datetime", datetime(2026, 3, 5, 14, 30), utc(2026, 3, 5, 6, 30)),
        ("datetime", datetime(2026, 3, 5, 14, 29, 59, 999_999), utc(2026, 3, 5, 6, 30)),
        ("datetime", date(2026, 3, 5), utc(2026, 3, 4, 16)),
        ("datetime", "2026-03-05 14:30:00", utc(2026, 3, 5, 6, 30)),
        ("time", time(14, 30), time(14, 30)),
        ("time", timedelta(hours=14, minutes=30), time(14, 30)),
        ("time", 14.5 / 24, time(14, 30)),
        ("time", datetime(1899, 12, 30, 14, 30), time(14, 30)),
        ("time", time(14, 29, 59, 999_999), time(14, 30)),
        ("duration", 90.0, timedelta(minutes=90)),
        ("duration", timedelta(hours=30), timedelta(hours=30)),
        ("duration", time(1, 30), timedelta(minutes=90)),
        ("duration", "1小时30分", timedelta(minutes=90)),
        ("tags", "重点,老客户", ["重点", "老客户"]),
        ("tags", 2026.0, ["2026"]),
        ("link", "某公司", Unresolved("某公司")),
        ("link", 10248.0, Unresolved("10248")),
        ("link", "5", Unresolved("5")),
        ("link", "#5", 5),
        ("links", "甲公司、#6", (Pair(Unresolved("甲公司"), {}), Pair(6, {}))),
        ("links", "", None),
        ("file", "合同.pdf", None),
        ("region", "广东 深圳", "广东省/深圳市"),
        ("choice", "won", "won"),
        ("choice", "赢单", "won"),
        ("choice", "ＷＯＮ ", "won"),
        ("choice", "Won", "won"),
        ("choice", "甲，乙", "a,b"),
        ("choice", "third", "丙"),
        ("choices", "赢单、甲，乙", None),
        ("choices", "赢单、丙", ["won", "丙"]),
        ("choices", "甲，乙", ["a,b"]),
        ("choices", '["won", "A, B"]', ["won", "a,b"]),
    ],
)
def test_a_cell_is_read_as_it_was_meant(name: str, cell: Any, value: Any) -> None:
    spec = Spec(options=OPTIONS)
    if value is None and cell and name != "file":
        with pytest.raises(ValueFault):
            TYPES[name].read_cell(spec, cell, HERE)
    else:
        assert TYPES[name].read_cell(spec, cell, HERE) == value


def test_a_number_cell_that_has_lost_digits_is_refused_with_the_way_out() -> None:
    for name in ("text", "sequence", "phone", "link"):
        with pytest.raises(ValueFault, match="请把该列设为文本格式"):
            TYPES[name].read_cell(Spec(), 1.1010119900307851e17, HERE)


def test_a_label_of_two_options_is_refused_and_leaves_as_its_key() -> None:
    spec = Spec(options=OPTIONS)
    with pytest.raises(ValueFault, match="可指多个选项：new、丙"):
        TYPES["choice"].read_cell(spec, "新建", HERE)
    assert TYPES["choice"].write_cell(spec, "new", HERE) == "new"
    assert TYPES["choice"].write_cell(spec, "won", HERE) == "赢单"
    assert TYPES["choices"].write_cell(spec, ["new", "won"], HERE) == "new，won"


def test_cells_leave_in_the_form_a_spreadsheet_computes_with() -> None:
    def write(name: str, value: Any) -> Any:
        return TYPES[name].write_cell(Spec(), value, HERE)

    assert write("money", D("12.50")) == D("12.50")
    assert write("date", date(2026, 3, 5)) == date(2026, 3, 5)
    assert write("date", date(1899, 12, 31)) == "1899-12-31"  # before spreadsheets count
    assert write("datetime", utc(2026, 3, 5, 6, 30)) == datetime(2026, 3, 5, 14, 30)
    assert write("duration", timedelta(minutes=90)) == 90
    assert write("bool", True) is True
    assert write("link", LinkValue(5, "某公司")) == "某公司"
    assert write("link", LinkValue(None, None, hidden=True)) is None
    assert write("file", [{"id": 1, "name": "合同.pdf"}]) == "合同.pdf"
    assert write("time", time(9, 5)) == "09:05"


def test_an_instant_of_a_repeated_hour_leaves_as_text_with_its_offset() -> None:
    place = Place(timezone="America/New_York")
    kind, moment = TYPES["datetime"], utc(2026, 11, 1, 6, 30)
    cell = kind.write_cell(Spec(), moment, place)
    assert cell == "2026-11-01T01:30:00.000-05:00"
    assert kind.read_cell(Spec(), cell, place) == moment

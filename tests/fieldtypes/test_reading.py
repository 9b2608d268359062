"""Text as people write it is read to the value they mean."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.fieldtypes import Place, Pointer, Unresolved, ValueFault, catalogue
from yuanke.fieldtypes.links import LinkChange, Pair

from tests.fieldtypes.fieldvalues import OPTIONS, LinkValue, Spec, spec_of

D = Decimal
HERE = Place()
NEW_YORK = Place(timezone="America/New_York")
TYPES = catalogue()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("text", "  北京\u3000 某\n公司\u200b ", "北京\u3000 某 公司"),
        ("long_text", " a\r\nb\rc ", "a\nb\nc"),
        ("integer", "１，２００", 1200),
        ("integer", "1,200", 1200),
        ("integer", "-3", -3),
        ("integer", "12.0", 12),
        ("integer", 12.0, 12),
        ("integer", "3万", 30000),
        ("integer", D("5"), 5),
        ("number", "1e3", D(1000)),
        ("number", ".5", D("0.5")),
        ("number", "1 234 567.5", D("1234567.5")),
        ("number", "−2", D(-2)),
        ("number", 0.1, D("0.1")),
        ("number", 0.30000000000000004 - 0.00000000000000004, D("0.3")),
        ("money", "¥1,234.50", D("1234.50")),
        ("money", "￥ 12", D(12)),
        ("money", "12元", D(12)),
        ("money", "（1,234.00）", D("-1234")),
        ("money", "-¥5", D(-5)),
        ("money", "USD 9.9", D("9.9")),
        ("money", "3.5万元", D(35000)),
        ("money", "1.2亿", D(120_000_000)),
        ("money", 5, D(5)),
        ("price", "12.3456", D("12.3456")),
        ("percent", "10%", D(10)),
        ("percent", "１２．５％", D("12.5")),
        ("percent", "10 %", D(10)),
        ("percent", 0.1, D("0.1")),
        ("bool", "是", True),
        ("bool", "否", False),
        ("bool", "Y", True),
        ("bool", "on", True),
        ("bool", "ＦＡＬＳＥ", False),
        ("bool", "0", False),
        ("bool", "√", True),
        ("date", "2026年3月5日", date(2026, 3, 5)),
        ("date", "2026/3/5", date(2026, 3, 5)),
        ("date", "2026.3.5", date(2026, 3, 5)),
        ("date", "20260305", date(2026, 3, 5)),
        ("date", "２０２６－０３－０５", date(2026, 3, 5)),
        ("date", "1996-07-04 00:00:00.000", date(1996, 7, 4)),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("month", "2026年3月", date(2026, 3, 1)),
        ("month", "202603", date(2026, 3, 1)),
        ("month", date(2026, 3, 9), date(2026, 3, 1)),
        ("month", "2026-03-01", date(2026, 3, 1)),
        ("datetime", "2026-03-05T06:30:00Z", utc(2026, 3, 5, 6, 30)),
        ("datetime", "2026-03-05 14:30", utc(2026, 3, 5, 6, 30)),
        ("datetime", "2026-03-05T14:30:15.25+08:00", utc(2026, 3, 5, 6, 30, 15, 250_000)),
        ("datetime", "2026年3月5日 下午2:30", utc(2026, 3, 5, 6, 30)),
        ("datetime", "2026/3/5", utc(2026, 3, 4, 16)),
        ("datetime", "2026-03-05T06:30:00+0000", utc(2026, 3, 5, 6, 30)),
        ("time", "9:05", time(9, 5)),
        ("time", "14:30:59", time(14, 30, 59)),
        ("time", "下午2点30分", time(14, 30)),
        ("time", "2:30 PM", time(14, 30)),
        ("time", "12:00 am", time(0)),
        ("time", "中午12:00", time(12)),
        ("time", "8时", time(8)),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("duration", "1小时30分", timedelta(minutes=90)),
        ("duration", "90", timedelta(minutes=90)),
        ("duration", 90, timedelta(minutes=90)),
        ("duration", "1.5 h", timedelta(minutes=90)),
        ("duration", "1:30", timedelta(minutes=90)),
        ("duration", "2天", timedelta(days=2)),
        ("duration", "半小时", timedelta(minutes=30)),
        ("duration", "1个半小时", timedelta(minutes=90)),
        ("duration", "PT1H30M", timedelta(minutes=90)),
        ("duration", "-15m", timedelta(minutes=-15)),
        ("duration", "2小时半", timedelta(minutes=150)),
        ("phone", "１３８ ００１３ ８０００", "138 0013 8000"),
        ("phone", "(5) 555-4729", "(5) 555-4729"),
        ("phone", "(1) 42.34.22.66", "(1) 42.34.22.66"),
        ("phone", "400-820-8820", "400-820-8820"),
        ("phone", "110", "110"),
        ("phone", "+44 20 7946 0958", "+44 20 7946 0958"),
        ("phone", "021-6234 5678转801", "021-6234 5678转801"),
        ("email", " Li.Lei@EXAMPLE.com ", "Li.Lei@example.com"),
        ("email", "李雷@例子.中国", "李雷@例子.中国"),
        ("email", "u@users.invalid", "u@users.invalid"),
        ("url", "www.example.com/a?b=1", "https://www.example.com/a?b=1"),
        ("url", "HTTP://例子.中国/路径", "HTTP://例子.中国/路径"),
        ("url", "example.com:8080", "https://example.com:8080"),
        ("color", "3355FF", "#3355ff"),
        ("color", "#abc", "#aabbcc"),
        ("barcode", " 6901234567892 ", "6901234567892"),
        ("tags", "重点，老客户、重点,vip;VIP", ["重点", "老客户", "vip"]),
        ("tags", ["a", "", "b "], ["a", "b"]),
        ("tags", " , ", None),
        ("tags", [], None),
        ("choice", "won", "won"),
        ("choices", "won,new", ["new", "won"]),
        ("choices", ["丙", "new", "new"], ["new", "丙"]),
        ("choices", "a,b", ["a,b"]),
        ("choices", [], None),
        ("region", "北京 海淀", "北京市/海淀区"),
        ("region", "北京市/北京市/海淀区", "北京市/海淀区"),
        ("region", "北京市海淀区", "北京市/海淀区"),
        ("region", "广东省深圳市南山区", "广东省/深圳市/南山区"),
        ("region", ["广东省", "深圳市", ""], "广东省/深圳市"),
        ("region", "内蒙古-呼和浩特", "内蒙古自治区/呼和浩特市"),
        ("region", "湖北 仙桃", "湖北省/仙桃市"),
        ("region", "上海市 市辖区 浦东新区", "上海市/浦东新区"),
        ("region", "台湾省", "台湾省"),
        ("region", "WA", "WA"),
        ("region", "Rio de Janeiro", "Rio de Janeiro"),
        ("region", "广东 某某开发区", "广东 某某开发区"),
        ("json", '{"lat": 39.9}', {"lat": 39.9}),
        ("position", "31.2035, 121.5925", {"lat": 31.2035, "lng": 121.5925}),
        ("position", " -33.9，18.4 ", {"lat": -33.9, "lng": 18.4}),
        ("position", '{"lat": 1, "lng": 2.123456789}', {"lat": 1.0, "lng": 2.1234568}),
        ("json", [1, D("2.50"), D("3")], [1, 2.5, 3]),
        ("json", {"a": -0.0}, {"a": 0.0}),
        ("file", 7, {"id": 7}),
        ("file", "7", {"id": 7}),
        ("image", [{"id": 7, "name": "a\n.png", "more": 1}], {"id": 7, "name": "a .png"}),
        ("link", 5, 5),
        ("link", "5", 5),
        ("link", {"id": 5, "title": "x"}, 5),
        ("link", LinkValue(5, "x"), 5),
        ("link", "C-007", Unresolved("C-007")),
        ("link", {"number": "C-007"}, Unresolved("C-007", "number")),
        ("link", {"id": None}, None),
        ("link", D(5), 5),
        ("links", [5, {"id": 6, "role": "user"}, 5], (Pair(5, {}), Pair(6, {"role": "user"}))),
        ("links", "5,6", (Pair(5, {}), Pair(6, {}))),
        ("links", {"add": [5], "remove": [6]}, LinkChange((Pair(5, {}),), (Pair(6, {}),))),
        ("links", [], ()),
        ("links", ["C-7"], (Pair(Unresolved("C-7"), {}),)),
        ("dynamic_link", "a:5", Pointer("a", 5)),
        ("dynamic_link", {"entity": "b_c", "id": 5, "title": "x"}, Pointer("b_c", 5)),
        ("dynamic_link", {"id": None}, None),
        ("rows", [{"quantity": 1}], [{"quantity": 1}]),
        ("rows", [], []),
        (
            "rich_text",
            '<p onclick="x()">好<script>alert(1)</script><a href="javascript:x">y</a></p>',
            '<p>好<a rel="noopener noreferrer">y</a></p>',
        ),
        ("rich_text", "<p><br></p>", None),
        ("rich_text", "1 < 2 & 3", "1 &lt; 2 &amp; 3"),
    ],
)
def test_it_is_read_as_meant(name: str, raw: Any, value: Any) -> None:
    spec = Spec(options=OPTIONS) if name == "choice" else Spec() if name in ("file", "image") else spec_of(TYPES[name])
    read = TYPES[name].parse(spec, raw, HERE)
    assert read == value
    assert type(read) is type(value)


def test_a_time_on_the_wall_is_read_in_the_zone_of_the_enterprise() -> None:
    kind = TYPES["datetime"]
    assert kind.parse(Spec(), "2026-07-01 09:00", NEW_YORK) == utc(2026, 7, 1, 13)
    assert kind.parse(Spec(), "2026-01-01 09:00", NEW_YORK) == utc(2026, 1, 1, 14)


def test_a_time_that_the_clocks_skipped_is_refused() -> None:
    with pytest.raises(ValueFault, match="在时区 America/New_York 不存在"):
        TYPES["datetime"].parse(Spec(), "2026-03-08 02:30", NEW_YORK)


def test_of_a_repeated_hour_the_form_tells_the_second_by_its_offset() -> None:
    kind = TYPES["datetime"]
    first, second = utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30)
    assert kind.form_text(Spec(), first, NEW_YORK) == "2026-11-01T01:30"
    assert kind.form_text(Spec(), second, NEW_YORK) == "2026-11-01T01:30:00.000-05:00"
    for moment in (first, second):
        assert (
            kind.parse(Spec(), kind.form_text(Spec(), moment, NEW_YORK), HERE if moment is second else NEW_YORK)
            == moment
        )


def test_a_naive_datetime_of_a_program_is_refused() -> None:
    with pytest.raises(ValueFault):
        TYPES["datetime"].parse(Spec(), datetime(2026, 3, 5), HERE)


def test_numbers_of_one_line_found_whatever_the_writing() -> None:
    kind = TYPES["phone"]
    written = ["138 0013 8000", "+86 138-0013-8000", "0086 13800138000", "13800138000"]
    assert {kind.same_text(Spec(), number, HERE) for number in written} == {"+8613800138000"}
    assert all("13800138000" in kind.search_text(Spec(), number, HERE) for number in written)
    assert kind.same_text(Spec(), "(5) 555-4729", HERE) == "55554729"
    assert kind.same_text(Spec(), "020 7946 0958", Place(settings={"country": "GB"})) == "+442079460958"
    assert kind.same_text(Spec(more={"country": "US"}), "212-555-0123", HERE) == kind.same_text(
        Spec(), "+1 212 555 0123", HERE
    )
    assert kind.same_text(Spec(), "010-62345678 转 801", HERE) == "+861062345678x801"


def test_what_an_expression_gives_is_settled_half_up() -> None:
    def settle(name: str, value: Any) -> Any:
        return TYPES[name].settle(Spec(), value, HERE)

    assert settle("money", D("12.345")) == D("12.35")
    assert settle("money", D("-12.345")) == D("-12.35")
    assert settle("price", D(1) / D(3)) == D("0.3333")
    assert settle("integer", D("2.5")) == 3
    assert settle("duration", timedelta(seconds=90)) == timedelta(minutes=2)
    assert settle("date", utc(2026, 3, 4, 16)) == date(2026, 3, 5)
    assert settle("datetime", date(2026, 3, 5)) == utc(2026, 3, 4, 16)
    assert settle("month", date(2026, 3, 31)) == date(2026, 3, 1)
    assert settle("text", D("12.50")) == "12.5"
    assert settle("money", None) is None
    with pytest.raises(ValueFault):
        settle("money", D(10) ** 20)


def test_cleaned_markup_stays_as_it_is() -> None:
    kind = TYPES["rich_text"]
    raw = (
        '<h1 style="x">标题</h1><p>a&nbsp;b<img src="https://a.cn/i.png" onerror="x">'
        '<svg/onload=alert(1)></p><iframe src="x"></iframe>'
    )
    once = kind.parse(Spec(), raw, HERE)
    assert kind.parse(Spec(), once, HERE) == once
    assert not any(word in once for word in ("style", "onerror", "svg", "iframe", "onload"))
    assert kind.text(Spec(), once, HERE) == "标题\na b"


@pytest.mark.parametrize(
    "raw", ["<h1>" * 500 + "a", "<h1>a<h1></h1></h1>", "<table><p>x", "<b><i></b>a</i>", "&lt;b&gt;"]
)
def test_markup_that_nobody_closes_settles_too(raw: str) -> None:
    kind = TYPES["rich_text"]
    once = kind.parse(Spec(), raw, HERE)
    assert kind.parse(Spec(), once, HERE) == once
    assert kind.text(Spec(), once, HERE).strip() in ("a", "x", "<b>")


def test_a_pattern_is_re2_and_answers_at_once() -> None:
    spec = Spec(pattern="(a+)+$", length=100_000)
    start = clock.process_time()
    TYPES["text"].check(spec, "a" * 100_000)
    with pytest.raises(ValueFault, match="不符合格式规则"):
        TYPES["text"].check(spec, "a" * 99_999 + "!")
    assert clock.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("name", "spec", "key", "said"),
    [
        ("text", Spec(pattern=r"(a)\1"), "pattern", "不是有效的 RE2 表达式"),
        ("text", Spec(pattern="(?=a)b"), "pattern", "RE2 不支持反向引用和环视"),
        ("text", Spec(length=100_001), "length", "长度应在 1 到 100000 之间"),
        ("money", Spec(scale=3), "scale", "小数位数应在 0 到 2 之间"),
        ("money", Spec(min="abc"), "min", "应为 金额"),
        ("integer", Spec(min=5, max=3), "max", "最大值 3 小于最小值 5"),
        ("rating", Spec(max=11), "max", "星数应在 1 到 10 之间"),
        ("choice", Spec(), "options", "选项不能为空"),
        ("choice", Spec(options={" a": OPTIONS["new"]}), "options", "首尾无空格"),
        ("phone", Spec(more={"country": "XX"}), "country", "国家代码"),
    ],
)
def test_a_declaration_that_cannot_work_is_told_by_its_key(name: str, spec: Spec, key: str, said: str) -> None:
    assert said in str(TYPES[name].declared_faults(spec)[key])


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_a_sound_declaration_has_no_fault(kind: Any) -> None:
    assert kind.declared_faults(spec_of(kind)) == {}


@pytest.mark.parametrize(
    ("name", "spec", "good", "bad"),
    [
        ("money", Spec(min=0, max="100.00"), ["0", "100"], ["-0.01", "100.01"]),
        ("money", Spec(min=D("0.01")), ["0.01"], ["0"]),
        ("quantity", Spec(scale=2), ["1.25", "1.250000"], ["1.255"]),
        ("integer", Spec(min=1, max=5), [1, 5], [0, 6]),
        (
            "date",
            Spec(min="2026-01-01", max=date(2026, 12, 31)),
            ["2026-01-01", "2026-12-31"],
            ["2025-12-31", "2027-01-01"],
        ),
        ("datetime", Spec(min="2026-01-01 00:00"), ["2026-01-01 00:00"], ["2025-12-31 23:59"]),
        ("time", Spec(min="09:00", max="18:00"), ["09:00", "18:00"], ["08:59", "18:01"]),
        ("month", Spec(max="2026-12"), ["2026-12"], ["2027-01"]),
        ("duration", Spec(min=0, max="8h"), ["0", "8h"], [-1, "8h1m"]),
        ("rating", Spec(max=10), [1, 10], [11]),
        ("text", Spec(pattern="[0-9]{3}"), ["123"], ["1234", "12", "a123"]),
        ("text", Spec(length=2), ["甲乙"], ["甲乙丙"]),
        (
            "barcode",
            Spec(more={"symbology": "ean13"}),
            ["6901234567892"],
            ["6901234567890", "123", "６９０１２３４５６７８９２"],
        ),
        ("barcode", Spec(more={"symbology": "qr"}), ["https://例子.中国/?a=1"], ["x" * 1001]),
        (
            "file",
            Spec(more={"accept": ["pdf", ".DOCX"], "largest": 2}),
            [{"id": 1, "name": "a.PDF", "size": 2_000_000}, {"id": 1, "name": "a.docx"}],
            [{"id": 1, "name": "a.exe"}, {"id": 1, "name": "a.pdf", "size": 2_000_001}],
        ),
        ("file", Spec(), [7, [7]], [[7, 8]]),
        (
            "image",
            Spec(),
            [{"id": 1, "type": "image/png"}],
            [{"id": 1, "type": "image/svg+xml"}, {"id": 1, "type": "text/html"}],
        ),
        ("region", Spec(), ["广东省/深圳市"], ["x" * 101]),
    ],
)
def test_the_limits_of_a_field_are_kept(name: str, spec: Spec, good: list[Any], bad: list[Any]) -> None:
    kind = TYPES[name]
    for raw in good:
        kind.check(spec, kind.parse(spec, raw, HERE))
    for raw in bad:
        with pytest.raises(ValueFault):
            kind.check(spec, kind.parse(spec, raw, HERE))


def test_a_limit_that_is_an_expression_is_left_to_others() -> None:
    TYPES["money"].check(Spec(min=object(), max=object()), D(5))


def test_a_region_is_cut_to_the_depth_of_its_field() -> None:
    assert TYPES["region"].parse(Spec(more={"depth": "city"}), "广东省/深圳市/南山区", HERE) == "广东省/深圳市"
    assert TYPES["region"].parse(Spec(more={"depth": "province"}), "广东省/深圳市/南山区", HERE) == "广东省"

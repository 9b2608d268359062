"""Wrong input is refused with what was found and what was expected, and quickly."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import Any

import pytest
from yuanke.fieldtypes import FieldType, ValueFault, catalogue

from tests.fieldtypes.fieldvalues import PLACES, Spec, spec_of

HERE = PLACES[0]
TYPES = catalogue()
by_name = {"ids": lambda kind: getattr(kind, "name", None)}


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


#: JSON of the wrong type, by the types that may take it
SWAPPED: dict[str, tuple[Any, set[str]]] = {
    "true": (True, {"bool"}),
    "an integer": (
        7,
        {
            "integer",
            "number",
            "quantity",
            "money",
            "price",
            "percent",
            "rating",
            "duration",
            "link",
            "user",
            "department",
            "file",
            "image",
        },
    ),
    "a fraction": (2.5, {"number", "quantity", "money", "price", "percent"}),
    "an object": ({"a": 1}, {"json"}),
    "a list": ([1], {"json", "file", "image", "links"}),
    "a list of objects": ([{}], {"json", "rows"}),
    "a nested list": (nested(10_000), set()),
    "NaN": (float("nan"), set()),
    "Infinity": (float("inf"), set()),
    "a decimal NaN": (Decimal("NaN"), set()),
    "a huge integer": (10**5000, set()),
    "a huge decimal": (Decimal("1E+999999"), set()),
    "a tiny decimal": (Decimal("1E-999999"), set()),
    "text with NUL": ("12\x00", set()),
    "a lone surrogate": ("\ud800", set()),
    "an object of another kind": (object(), set()),
    "bytes": (b"12", set()),
}


@pytest.mark.parametrize("kind", TYPES.values(), **by_name)
def test_json_of_the_wrong_type_is_refused_at_once(kind: FieldType) -> None:
    for what, (raw, takers) in SWAPPED.items():
        start = time.process_time()
        if kind.name in takers:
            assert kind.parse(spec_of(kind), raw, HERE) is not None, what
        else:
            with pytest.raises(ValueFault) as refused:
                kind.parse(spec_of(kind), raw, HERE)
            assert 4 < len(str(refused.value)) < 400, what
            assert not re.search(r"\{(expected|found|options|limit|most)\}", str(refused.value)), what
        assert time.process_time() - start < 0.1, what


LONG = [
    "1" * 200_000,
    "1," * 100_000,
    "\t" * 200_000 + "x",
    "a" * 200_000,
    "(" * 200_000,
    "１" * 200_000,
    "[" * 200_000,
    "1h" * 100_000,
    "=" * 200_000,
]


@pytest.mark.parametrize("kind", [kind for kind in TYPES.values() if kind.name not in ("rows",)], **by_name)
def test_a_flood_of_characters_is_read_or_refused_at_once(kind: FieldType) -> None:
    for raw in LONG:
        start = time.process_time()
        for read in (kind.parse, kind.read_cell):
            try:
                read(spec_of(kind), raw, HERE)
            except ValueFault as fault:
                assert len(str(fault)) < 400
        assert time.process_time() - start < 0.5, (kind.name, raw[:5])


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("text", "x" * 201, "最多 200 个字符，收到 201 个"),
        ("text", "好\x07", "第 2 个字符是不允许的控制字符 U+0007"),
        ("text", 5, "应为 文字，收到 5"),
        ("integer", "12.5", "应为 整数（例如 12），收到 “12.5”"),
        ("integer", 2**53, "绝对值不能超过 9,007,199,254,740,991"),
        ("money", "12.345", "最多 2 位小数，收到 “12.345”"),
        ("money", "1e16", "绝对值应小于 10,000,000,000,000,000"),
        ("money", True, "应为 金额（例如 1234.50），收到 true"),
        ("percent", "100000000%", "绝对值应小于 100,000,000"),
        ("percent", "5%%", "应为 百分比"),
        ("date", "2026-02-30", "应为 日期（例如 2026-03-05），收到 “2026-02-30”"),
        ("date", "03/05/2026", "应为 日期"),
        ("date", "0002-03-05", "应为 日期"),
        ("date", "2026-03-05T10:00:00Z", "应为 日期"),
        ("datetime", "2026-03-05T25:00", "应为 日期和时间"),
        ("datetime", "2026-03-05T10:00+99:00", "应为 日期和时间"),
        ("time", "24:00", "应为 时间（例如 14:30）"),
        ("month", "2026-13", "应为 月份（例如 2026-03）"),
        ("month", "2026-03-15", "应为 月份"),
        ("duration", "1h30s", "应为 时长"),
        ("duration", "90.5", "应为 时长"),
        ("duration", 10**9, "时长不能超过 600,000,000 分钟"),
        ("bool", "maybe", "应为 true 或 false"),
        ("bool", 1, "应为 true 或 false（是 或 否），收到 1"),
        ("phone", "12", "应为 电话号码"),
        ("phone", "13800138000<script>", "应为 电话号码"),
        ("email", "li.lei@", "应为 邮箱地址"),
        ("email", "a@b.cn\nbcc: c@d.cn", "应为 邮箱地址"),
        ("url", "javascript:alert(1)", "不允许 javascript: 开头的网址"),
        ("url", "JaVaScRiPt:alert(1)", "不允许 JaVaScRiPt: 开头的网址"),
        ("url", "\x01javascript:alert(1)", "控制字符 U+0001"),
        ("url", "data:text/html,x", "不允许 data: 开头的网址"),
        ("url", 'https://a.cn/"onmouseover=x', "应为 网址"),
        ("url", "//evil.cn", "应为 网址"),
        ("url", "https://", "应为 网址"),
        ("url", "https://a.cn:99999/", "应为 网址"),
        ("color", "red", "应为 颜色（例如 #3355ff）"),
        ("rating", 6, "星数应在 1 到 5 之间，收到 6"),
        ("rating", 0, "星数应在 1 到 5 之间"),
        ("barcode", "条码", "应为 只含英文字母、数字和符号的条码"),
        ("tags", ["a,b"], "标签里不能有逗号"),
        ("tags", ["x" * 51], "一个标签最多 50 个字符"),
        ("tags", [f"t{n}" for n in range(51)], "最多 50 个标签，收到 51 个"),
        ("position", "91, 10", "纬度应在 -90 和 90 之间"),
        ("position", "10", "应为 纬度和经度"),
        ("position", {"lat": 10, "lng": True}, "应为 纬度和经度"),
        ("json", "[1,", "应为 JSON 对象或列表"),
        ("json", '{"a": 1e999}', "绝对值小于 2 的 63 次方的数"),
        ("json", "[" * 30 + "]" * 30, "JSON 嵌套不能超过 20 层"),
        ("json", {"a": "x" * 100_001}, "JSON 最多 100000 个字符"),
        ("json", '"text"', "应为 JSON 对象或列表"),
        ("file", [{"id": 1}, {"name": "a"}], "应为 上传后得到的文件"),
        ("file", {"id": 1, "name": 5}, "应为 上传后得到的文件"),
        ("file", {"id": "../etc"}, "应为 上传后得到的文件"),
        ("link", {"id": None, "title": None, "hidden": True}, "无权查看，不能原样写回"),
        ("link", 0, "应为 一条记录"),
        ("link", {"id": {"id": 5}}, "应为 一条记录"),
        ("links", [5, True], "应为 一条记录"),
        ("links", list(range(1, 1002)), "一次最多 1000 条关联"),
        ("dynamic_link", "lead:5", "不能指向 “lead”，可指向：a、b_c"),
        ("dynamic_link", {"id": 5}, "应为 一条记录"),
        ("rows", [{}] * 2001, "一条记录最多 2000 行明细"),
        ("choice", "newe", "没有选项 “newe”，是否想填“new”？可选：new、won"),
        ("choices", ["new", "???"], "应为 选项之一"),
        ("choices", "new, ???", "应为 选项之一"),
    ],
)
def test_a_fault_says_what_was_found_and_what_was_expected(name: str, raw: Any, said: str) -> None:
    kind = TYPES[name]
    spec = spec_of(kind)
    with pytest.raises(ValueFault) as refused:
        value = kind.parse(spec, raw, HERE)
        kind.check(spec, value)
    assert said in str(refused.value)


def test_a_wrong_value_is_quoted_short_and_printable() -> None:
    with pytest.raises(ValueFault) as refused:
        TYPES["date"].parse(Spec(), "\u202e" + "x" * 500, HERE)
    assert len(str(refused.value)) < 80
    assert "\u202e" not in str(refused.value)

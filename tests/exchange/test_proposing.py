"""A first mapping is found by labels, keys and contents, and what is only guessed says so."""

from __future__ import annotations

import pytest
from yuanke.exchange.mapping import from_plain
from yuanke.exchange.proposing import mapping_of, propose
from yuanke.fieldtypes import Place
from yuanke.metadata import Layer, compile_layers, system_layers
from yuanke.metadata.registry import Entity

YAML = """
module: trade
label: 贸易
entities:
  firm:
    label: 客户
    fields:
      name: {type: text!, label: 客户名称}
      phone: {type: phone, label: 电话}
      mobile: {type: phone, label: 手机}
      email: {type: email, label: 邮箱}
      level: {label: 客户级别, options: {a: {label: A}, b: {label: B}}}
      industry: {label: 行业, options: {web: {label: 互联网}, electronics: {label: 电子}}}
      region: {type: region, label: 地区}
      revenue: {type: money, label: 年营收}
      founded: {type: date, label: 建立日期}
      ext_code: {type: text, label: 外部编码}
"""


@pytest.fixture(scope="module")
def firm() -> Entity:
    return compile_layers([*system_layers(), Layer.read_text(YAML, "t.yaml", "module")]).entities["firm"]


def proposed(firm: Entity, header: list[str], *rows: list) -> dict[str, tuple[str | None, bool]]:
    found = propose(firm, header, rows, Place(), frozenset(firm.fields) - {"id"})
    return {p.column: (p.field, p.sure) for p in found}


def test_labels_in_both_languages_and_keys_are_recognised(firm):
    assert proposed(firm, ["客户名称", "Phone", "ext_code", "Ext code ", "建立日期"]) == {
        "客户名称": ("name", True),
        "Phone": ("phone", True),
        "ext_code": ("ext_code", True),
        "Ext code ": (None, False),
        "建立日期": ("founded", True),
    }


def test_the_file_of_the_wizard_is_understood(firm):
    header = ["公司名称", "联系电话", "等级", "所属行业", "省市", "年营收(万)", "首次联系", "备注2"]
    found = proposed(
        firm,
        header,
        ["深圳恒通科技股份有限公司", "0755-86310021", "A", "互联网", "广东深圳", "23000", "2024/3/5", "展会认识"],
        ["苏州华信电子有限公司", "13800138000", "重点", "电子", "江苏苏州", "8,600", "2024-05-01", None],
    )
    assert found["公司名称"][0] == "name"
    assert found["联系电话"] == ("phone", True)
    assert found["等级"] == ("level", False)  # 重点 is none of its options: a person must say what it stands for
    assert found["所属行业"][0] == "industry"
    assert found["年营收(万)"] == ("revenue", True)
    assert found["备注2"][0] is None


def test_a_unit_in_the_header_becomes_a_factor(firm):
    found = propose(firm, ["年营收(万元)"], [["126"]], Place(), frozenset(firm.fields))
    mapping = mapping_of(firm, found)
    assert mapping.columns["revenue"].expression == "年营收_万元 * 10000"
    assert from_plain(mapping.plain()) == mapping


def test_a_field_is_given_once(firm):
    found = proposed(firm, ["电话", "电话 (2)", "手机"], ["13800138000", "13900139000", "13700137000"])
    fields = [field for field, _ in found.values() if field]
    assert len(fields) == len(set(fields))
    assert found["电话"][0] == "phone" and found["手机"][0] == "mobile"


def test_contents_that_contradict_a_name_lower_its_confidence(firm):
    assert proposed(firm, ["电话"], ["无"], ["待补充"])["电话"] in [("phone", False), (None, False)]


def test_telephone_numbers_are_no_amounts(firm):
    assert proposed(firm, ["营收"], ["13800138000"], ["13900139000"])["营收"][1] is False


def test_unknown_texts_of_a_choice_are_shown(firm):
    (found,) = propose(firm, ["客户级别"], [["A"], ["重点"], ["S"]], Place(), frozenset(firm.fields))
    assert found.field == "level" and found.unknown == ("重点", "S") and not found.sure


def test_nothing_is_proposed_that_may_not_be_filled(firm):
    (found,) = propose(firm, ["年营收"], [["1"]], Place(), frozenset({"name"}))
    assert found.field is None

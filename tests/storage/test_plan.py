"""A plan says what it would do, in words and numbers, before anything is done."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from yuanke.kernel.errors import Refused
from yuanke.storage import apply

from tests.storage.changes import changed, crm, kinds, planned, settled

HEAD = """roles: {sales: 销售, boss: 老板}
entities:
  firm:
    label: 公司
    fields:
      name: {type: text, label: 名称}
"""
RIGHTS = "    permissions: {sales: {read: own, create: true}}\n"


def test_a_plan_of_what_runs_already_is_empty(enterprise, reading):
    with reading(enterprise(crm(HEAD))) as unit:
        made = planned(unit, HEAD)
        assert not made and made.steps == ()


def test_a_new_field_is_one_safe_step_and_names_who_will_see_it(enterprise, reading):
    with reading(enterprise(crm(HEAD + RIGHTS))) as unit:
        made = planned(unit, HEAD + "      fax: {type: text, label: 传真}\n" + RIGHTS)
        assert kinds(made) == ["add_column", "rights"]
        assert made.speed == "safe"
        assert str(made.steps[0].summary) == "「公司」增加字段「传真」"
        assert str(made.steps[1].summary) == "「公司」的「传真」将对 销售 可见"


def test_a_retired_field_tells_how_many_values_it_hides(enterprise, writing, reading):
    at = enterprise(crm(HEAD + "      fax: {type: text, label: 传真}\n"))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"fax": "1"}, {"fax": "2"}, {"fax": None}])
    with reading(at) as unit:
        made = planned(unit, HEAD)
        assert kinds(made) == ["retire_field"]
        assert (made.steps[0].speed, made.steps[0].rows) == ("destructive", 2)


def test_a_unique_rule_over_duplicates_shows_them_and_cannot_be_applied(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD))
    with writing(at) as unit:
        unit.execute(
            unit.tables["firm"].insert(),
            [{"name": "甲"}, {"name": "甲"}, {"name": "乙"}, {"name": None}, {"name": None}],
        )
    unique = HEAD.replace("label: 名称", "label: 名称, unique: true")
    with reading(at) as unit:
        made = planned(unit, unique)
        (step,) = [s for s in made.steps if s.kind == "unique"]
        assert step.samples == ("甲 ×2",)
        assert "1 组重复" in str(step.blocked)
    with pytest.raises(Refused):
        apply.apply(installation, at, made)
    with reading(at) as unit:
        assert settled(unit) == []


def test_the_bin_does_not_count_for_a_unique_rule(installation, enterprise, writing):
    from yuanke.kernel import clock

    at = enterprise(crm(HEAD))
    with writing(at) as unit:
        unit.execute(
            unit.tables["firm"].insert(),
            [{"name": "甲", "deleted_at": clock.now()}, {"name": "甲", "deleted_at": None}],
        )
    changed(installation, at, HEAD.replace("label: 名称", "label: 名称, unique: true"))


def test_a_narrower_type_says_how_many_values_do_not_fit_and_keeps_them(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD + "      size: {type: text, label: 规模}\n"))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"size": "12"}, {"size": "很大"}, {"size": "3"}, {"size": None}])
    number = HEAD + "      size: {type: integer, label: 规模}\n"
    with reading(at) as unit:
        made = planned(unit, number)
        (step,) = [s for s in made.steps if s.kind == "convert"]
        assert (step.speed, step.rows, step.samples) == ("destructive", 3, ("很大",))
    changed(installation, at, number)
    with reading(at) as unit:
        assert [r.size for r in unit.execute(unit.tables["firm"].select().order_by(unit.tables["firm"].c.id))] == [
            12,
            None,
            3,
            None,
        ]
        assert settled(unit) == []
        aside = [c for c in live_columns(unit, "firm") if c.endswith("_size") and c.startswith("x_old")]
        values = unit.execute(bare_select("firm", aside[0])).scalars().all()
        assert sorted(v for v in values if v) == ["12", "3", "很大"]


def test_a_wider_type_keeps_every_value(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD + "      size: {type: integer, label: 规模}\n"))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"size": 12}, {"size": -3}])
    changed(installation, at, HEAD + "      size: {type: money, label: 规模}\n")
    with reading(at) as unit:
        assert [r.size for r in unit.execute(unit.tables["firm"].select().order_by(unit.tables["firm"].c.id))] == [
            Decimal(12),
            Decimal(-3),
        ]


def test_a_number_that_does_not_fit_the_wider_type_is_told_and_kept_aside(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD + "      size: {type: integer, label: 规模}\n"))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"size": 12}, {"size": -(10**17)}, {"size": 9 * 10**18}])
    with reading(at) as unit:
        made = planned(unit, HEAD + "      size: {type: money, label: 规模}\n")
        assert [(s.speed, s.rows) for s in made.steps if s.kind == "convert"] == [("destructive", 3)]
    changed(installation, at, HEAD + "      size: {type: money, label: 规模}\n")
    with reading(at) as unit:
        firm = unit.tables["firm"]
        assert unit.execute(firm.select().with_only_columns(firm.c.size).order_by(firm.c.id)).scalars().all() == [
            Decimal(12),
            None,
            None,
        ]


def test_money_that_becomes_a_price_keeps_its_cents(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD + "      size: {type: money, label: 规模}\n"))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert().values(size=Decimal("12.34")))
    changed(installation, at, HEAD + "      size: {type: price, label: 规模}\n")
    with reading(at) as unit:
        assert unit.execute(unit.tables["firm"].select()).mappings().one()["size"] == Decimal("12.34")
    changed(installation, at, HEAD + "      size: {type: text, label: 规模}\n")
    with reading(at) as unit:
        assert unit.execute(unit.tables["firm"].select()).mappings().one()["size"] in ("12.34", "12.3400")


def test_a_text_that_becomes_a_long_text_needs_no_step_on_the_table(enterprise, reading):
    with reading(enterprise(crm(HEAD))) as unit:
        made = planned(unit, HEAD.replace("type: text", "type: long_text"))
        assert not [s for s in made.steps if s.sql]


def test_options_tell_who_still_holds_a_removed_one(enterprise, writing, reading):
    body = HEAD + "      kind: {label: 种类, options: {a: 甲, b: 乙, c: 丙}}\n"
    at = enterprise(crm(body))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"kind": "a"}, {"kind": "b"}, {"kind": "b"}])
    with reading(at) as unit:
        made = planned(unit, HEAD + "      kind: {label: 种类, options: {a: 甲方, c: 丙, d: 丁}}\n")
        told = {s.kind: (s.speed, s.rows) for s in made.steps}
        assert told == {
            "option_added": ("safe", 0),
            "option_renamed": ("safe", 0),
            "option_removed": ("destructive", 2),
        }


def test_rights_say_who_gains_and_who_loses(enterprise, reading):
    before = HEAD + "    permissions: {sales: {read: own, create: true, delete: own}}\n"
    after = HEAD + "    permissions: {sales: {read: team, create: true}, boss: {read: all}}\n"
    with reading(enterprise(crm(before))) as unit:
        said = [str(s.summary) for s in planned(unit, after).steps if s.kind == "rights"]
    assert said == [
        "「销售」将不能再删除「公司」（原为本人）",
        "「销售」查看「公司」的范围由本人扩大到本人及下属",
        "「老板」将可以查看「公司」（全部）",
    ]


def test_rights_that_follow_a_link_are_told_by_its_label(enterprise, reading):
    before = HEAD + "      above: {link: firm, label: 上级公司}\n    permissions: {boss: {read: all}}\n"
    after = before.replace("{boss: {read: all}}", "{boss: {read: all}, sales: {read: via above}}")
    with reading(enterprise(crm(before))) as unit:
        said = [s.summary for s in planned(unit, after).steps if s.kind == "rights"]
    assert [str(one) for one in said] == ["「销售」将可以查看「公司」（随上级公司）"]


def test_a_required_field_tells_how_many_rows_are_empty(enterprise, writing, reading):
    at = enterprise(crm(HEAD))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"name": None}, {"name": "x"}, {"name": None}])
    with reading(at) as unit:
        made = planned(unit, HEAD.replace("type: text", "type: text!"))
        assert [(s.kind, s.rows) for s in made.steps] == [("field", 2)]


DEFAULTS = """      n: {type: integer!, label: 级别, default: 3}
      m: {type: money!, label: 钱, default: 1.25}
      t: {type: text!, label: 字, default: "it's 100%% %s ok"}
      b: {type: bool!, label: 否, default: false}
      d: {type: date!, label: 日, default: 2026-03-05}
      o: {label: 选, required: true, default: a, options: [a, b]}
      s: {label: 多, required: true, multiple: true, default: [a, b], options: [a, b]}
"""


def test_a_new_required_field_with_a_default_fills_the_rows_that_are_there(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"name": "x"}, {"name": "y"}])
    changed(installation, at, HEAD + DEFAULTS)
    with writing(at) as unit:
        firm = unit.tables["firm"]
        for row in unit.execute(firm.select()).mappings():
            assert {key: row[key] for key in "nmtbdo"} == {
                "n": 3,
                "m": Decimal("1.25"),
                "t": "it's 100%% %s ok",
                "b": False,
                "d": date(2026, 3, 5),
                "o": "a",
            }
            assert list(row["s"]) == ["a", "b"]
        unit.execute(firm.insert().values(name="z"))
        assert unit.execute(firm.select().where(firm.c.name == "z")).mappings().one()["n"] is None
        assert settled(unit) == []


def test_more_than_the_most_columns_are_refused_with_the_number(installation, enterprise):
    at = enterprise(crm(HEAD))
    many = HEAD + "".join(f"      f{i}: text\n" for i in range(900))
    with pytest.raises(Refused, match="800"):
        changed(installation, at, many)


def test_every_step_speaks_chinese_with_its_values_filled_in(enterprise, writing, reading):
    body = HEAD + "      kind: {label: 种类, options: {a: 甲}}\n      n: {type: integer, label: 数}\n" + RIGHTS
    at = enterprise(crm(body))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"name": "a", "n": 1}])
    after = (
        "entities:\n  other: {label: 别的, fields: {firm: {link: firm, label: 公司}}}\n"
        + HEAD.partition("entities:\n")[2]
    )
    after = HEAD.partition("entities:\n")[0] + after + "      n: {type: text, label: 数}\n"
    with reading(at) as unit:
        said = [str(s.summary) for s in planned(unit, after).steps]
    assert said and not [s for s in said if "{" in s or "}" in s]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in s) for s in said)


def live_columns(unit, table: str) -> list[str]:
    from yuanke.storage.live import live_shape

    return list(live_shape(unit.connection, unit.enterprise.place)[table].columns)


def bare_select(table: str, column: str):
    from yuanke.storage.tables import bare

    return bare(table, **{column: None}).select()


def test_a_class_of_fields_that_a_role_may_see_from_now_on_is_told(enterprise, reading):
    body = """classes: {cost: {label: 成本}}
roles: {sales: {label: 销售}, boss: {label: 老板, sees: [cost]}}
entities:
  firm:
    label: 公司
    fields:
      name: {type: text, label: 名称}
      cost: {type: money, label: 成本, sensitive: cost}
    permissions: {sales: {read: own}, boss: {read: all}}
"""
    with reading(enterprise(crm(body))) as unit:
        made = planned(unit, body.replace("sales: {label: 销售}", "sales: {label: 销售, sees: [cost]}"))
        assert [str(s.summary) for s in made.steps if s.kind == "rights"] == ["「公司」的「成本」将对 销售 可见"]


def test_fields_of_the_same_readers_share_a_line(enterprise, reading):
    with reading(enterprise(crm(HEAD + RIGHTS))) as unit:
        more = "      fax: {type: text, label: 传真}\n      tel: {type: text, label: 电话}\n"
        made = planned(unit, HEAD + more + RIGHTS)
        assert [str(s.summary) for s in made.steps if s.kind == "rights"] == ["「公司」的「传真、电话」将对 销售 可见"]

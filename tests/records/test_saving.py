from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed, VersionConflict
from yuanke.records import LinkValue, Query

from tests.records.conftest import Company


def test_a_new_record_gets_number_defaults_owner_and_formulas(company: Any) -> None:
    with company.as_("ann") as door:
        firm = door.create("firm", {"name": "北京某信息技术有限公司"})
        assert firm.values["number"] == "KH0001"
        assert firm.values["level"] == "b"
        assert firm.values["rank"] == Decimal(10)
        assert firm.values["owner"] == LinkValue(company.ids["ann"], "ann")
        assert firm.values["deals_total"] == Decimal("0.00")
        assert firm.version == 1


def test_rows_are_computed_into_their_document_and_its_holder(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲公司"})
        pen = door.create("product", {"name": "笔", "list_price": "2.5000"})
        deal = door.create(
            "deal",
            {
                "firm": firm.id,
                "discount": 10,
                "lines": [{"product": pen.id, "quantity": 3}, {"product": pen.id, "price": "100"}],
            },
        )
        assert [row.values["total"] for row in deal.values["lines"]] == [Decimal("7.50"), Decimal("100.00")]
        assert deal.values["gross"] == Decimal("107.50")
        assert deal.values["amount"] == Decimal("96.75")
        assert door.get("firm", firm.id).values["deals_total"] == Decimal("96.75")
        assert door.get("firm", firm.id).version == 1, "a roll-up does not touch the holder's version"


def test_a_stored_formula_follows_the_roll_up_it_reads(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲公司"})
        pen = door.create("product", {"name": "笔"})
        assert door.get("firm", firm.id).values["big"] is False
        door.create("deal", {"firm": firm.id, "lines": [{"product": pen.id, "price": 1000}]})
        assert door.get("firm", firm.id).values["big"] is True


def test_changing_the_link_moves_the_figure_from_the_old_holder_to_the_new(company: Any) -> None:
    with company.as_("boss") as door:
        one, two = (door.create("firm", {"name": name}).id for name in ("甲", "乙"))
        pen = door.create("product", {"name": "笔"}).id
        deal = door.create("deal", {"firm": one, "lines": [{"product": pen, "price": 50}]})
        door.update("deal", deal.id, {"firm": two})
        assert door.get("firm", one).values["deals_total"] == Decimal("0.00")
        assert door.get("firm", two).values["deals_total"] == Decimal("50.00")
        door.delete("deal", deal.id)
        assert door.get("firm", two).values["deals_total"] == Decimal("0.00")
        door.restore("deal", deal.id)
        assert door.get("firm", two).values["deals_total"] == Decimal("50.00")


def test_rows_change_add_remove_and_stay(company: Any) -> None:
    with company.as_("boss") as door:
        firm, pen = door.create("firm", {"name": "甲"}).id, door.create("product", {"name": "笔"}).id
        deal = door.create("deal", {"firm": firm, "lines": [{"product": pen, "price": p} for p in (1, 2, 4)]})
        first, second, third = deal.values["lines"]
        changed = door.update(
            "deal",
            deal.id,
            {
                "lines": [
                    {"id": first.id, "quantity": 10},
                    {"id": second.id, "deleted": True},
                    {"product": pen, "price": 8},
                ]
            },
        )
        assert [(r.id, r.values["total"]) for r in changed.values["lines"]][:2] == [(first.id, 10), (third.id, 4)]
        assert changed.values["gross"] == Decimal("22.00")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": "甲", "nonsense": 1}, "nonsense"),
        ({"name": "甲", "level": "zz"}, "level"),
        ({"name": "甲", "rank": 3}, "rank"),
        ({"name": "甲", "id": 3}, "id"),
        ({"name": "甲", "version": "x", "created_at": "2020-01-01"}, "created_at"),
        ({"name": "甲", "parent": 99}, "parent"),
        ({"name": "甲", "parent": "KH9999"}, "parent"),
        ({"name": "甲", "number": "X"}, "number"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_written(
    company: Any, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationFailed) as fault, company.as_("boss") as door:
        door.create("firm", values)
    assert field in fault.value.errors
    with company.as_("boss") as door:
        assert door.list("firm").count == 0
        assert door.create("firm", {"name": "乙"}).values["number"] == "KH0001", "a refused save takes no number"


def test_all_faults_are_told_at_once_rows_included(company: Any) -> None:
    with pytest.raises(ValidationFailed) as fault, company.as_("boss") as door:
        door.create("deal", {"discount": 101, "lines": [{"quantity": 1}, {"product": 7, "quantity": -1}]})
    assert {"firm", "discount", "lines.0.product", "lines.1.quantity", "lines.1.product"} <= set(fault.value.errors)


def test_a_field_is_required_only_while_it_is_shown(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        deal = door.create("deal", {"firm": firm, "state": "open"})
        with pytest.raises(ValidationFailed) as fault:
            door.update("deal", deal.id, {"state": "lost"})
        assert list(fault.value.errors) == ["reason"]
        assert door.update("deal", deal.id, {"state": "lost", "reason": "价格"}).values["state"] == "lost"


def test_a_limit_on_a_computed_figure_refuses_with_its_own_sentence(company: Any) -> None:
    with company.as_("boss") as door:
        firm, pen = door.create("firm", {"name": "甲"}).id, door.create("product", {"name": "笔"}).id
        with pytest.raises(ValidationFailed) as fault:
            door.create("deal", {"firm": firm, "lines": [{"product": pen, "price": 100_001}]})
        assert str(fault.value.errors["limit_ok"][0]) == "金额 100001.00 超过上限"


def test_unique_values_are_refused_and_free_again_in_the_bin(company: Any) -> None:
    with company.as_("boss") as door:
        one = door.create("firm", {"name": "甲"})
        with pytest.raises(ValidationFailed) as fault:
            door.create("firm", {"name": "甲"})
        assert "name" in fault.value.errors
        door.delete("firm", one.id)
        door.create("firm", {"name": "甲"})
        with pytest.raises(Refused):
            door.restore("firm", one.id)


def test_a_stale_version_is_a_conflict_that_names_the_standing_one(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"})
        door.update("firm", firm.id, {"phone": "13800138000"}, version=1)
        with pytest.raises(VersionConflict) as fault:
            door.update("firm", firm.id, {"phone": ""}, version=1)
        assert fault.value.current == 2


def test_what_others_refer_to_is_not_deleted_and_says_who_refers(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        door.create("deal", {"firm": firm})
        with pytest.raises(Refused) as fault:
            door.delete("firm", firm)
        assert fault.value.extra["referrers"][0]["entity"] == "deal"


def test_links_take_ids_mappings_numbers_and_unique_names(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲公司"})
        for given in (firm.id, {"id": firm.id}, "KH0001", "甲公司"):
            assert door.create("deal", {"firm": given}).values["firm"] == LinkValue(firm.id, "甲公司")


def test_many_to_many_links_are_set_whole_or_by_parts(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        a, b, c = (door.create("product", {"name": name}).id for name in "abc")
        deal = door.create("deal", {"firm": firm, "tags": [a, b]})
        assert [link.title for link in deal.values["tags"]] == ["a", "b"]
        changed = door.update("deal", deal.id, {"tags": {"add": [c], "remove": [a]}})
        assert [link.id for link in changed.values["tags"]] == [b, c]


def test_a_batch_tells_each_items_fault_and_saves_the_others(company: Any) -> None:
    with company.as_("boss") as door:
        done = door.batch("firm", create=[{"name": "甲"}, {"name": ""}, {"name": "甲"}, {"name": "丙"}], atomic=False)
        assert [outcome.status for outcome in done.created] == ["created", "failed", "failed", "created"]
        assert door.list("firm", Query(sort=("id",))).count == 2
        assert [r.values["number"] for r in door.list("firm", Query(sort=("id",), fields=("number",))).records] == [
            "KH0001",
            "KH0002",
        ]


def test_an_atomic_batch_is_all_or_nothing(company: Any) -> None:
    with pytest.raises(ValidationFailed), company.as_("boss") as door:
        door.batch("firm", create=[{"name": "甲"}, {"name": ""}])
    with company.as_("boss") as door:
        assert door.list("firm").count == 0


def test_a_seller_cannot_give_a_new_record_to_somebody_else(company: Any) -> None:
    with company.as_("ann") as door, pytest.raises(ValidationFailed):
        door.create("firm", {"name": "甲", "owner": company.ids["bob"]})
    with company.as_("boss") as door:
        assert door.create("firm", {"name": "甲", "owner": company.ids["bob"]}).values["owner"].id == company.ids["bob"]


def test_without_a_right_nothing_is_done(company: Any) -> None:
    with company.as_("clerk") as door, pytest.raises(AccessDenied):
        door.create("firm", {"name": "甲"})
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
    with company.as_("clerk") as door, pytest.raises(AccessDenied):
        door.update("firm", firm, {"phone": "1"})
    with company.as_("ann") as door:
        for act in (
            lambda: door.update("firm", firm, {"phone": "1"}),
            lambda: door.delete("firm", firm),
            lambda: door.get("firm", firm),
        ):
            with pytest.raises(RecordNotFound):
                act()


DEALT = """
entities:
  invoice:
    fields:
      name: text!
      off: {type: money, default: 0}
      paid: {type: money, default: 0}
      lines:
        rows:
          gross: money
          share: {type: money, formula: "spread(record.off, gross)"}
          settled: {type: money, formula: "take(record.paid, gross)"}
          so_far: {type: money, formula: running(gross)}
      shared: {type: money, formula: sum(lines.share)}
    permissions: {admin: {read: all}}
"""


def test_what_is_dealt_out_over_the_rows_adds_up_to_the_cent(installation: Any, enterprise: Any) -> None:
    from tests.records.conftest import Company

    with Company(installation, enterprise(DEALT), {"admin": ["admin"]}).as_("admin") as door:
        lines = [{"gross": g} for g in ("33.33", "33.33", "33.34")]
        made = door.create("invoice", {"name": "甲", "off": "10", "paid": "50", "lines": lines})
        rows = made.values["lines"]
        assert [r.values["share"] for r in rows] == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]
        assert [r.values["settled"] for r in rows] == [Decimal("33.33"), Decimal("16.67"), Decimal("0.00")]
        assert [r.values["so_far"] for r in rows] == [Decimal("33.33"), Decimal("66.66"), Decimal("100.00")]
        assert made.values["shared"] == Decimal("10.00")
        again = door.update("invoice", made.id, {"off": "1"})
        assert [r.values["share"] for r in again.values["lines"]] == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]


LIMITS = """
roles: {desk: 前台}
entities:
  stay:
    fields:
      arrives: {type: date!, label: 到达, min: =today()}
      leaves: {type: date, label: 离开, min: =arrives}
      nights: {type: integer, label: 晚数, max: '=days_between(arrives, leaves)'}
    permissions: {desk: {read: all, create: true}}
"""


def test_limits_may_hang_on_the_day_and_on_other_fields(installation: Any, enterprise: Any) -> None:
    with Company(installation, enterprise(LIMITS), {"ann": ["desk"]}).as_("ann") as door:
        today = date.today()
        for given, wrong in (
            ({"arrives": today - timedelta(days=2)}, {"arrives"}),
            ({"arrives": today + timedelta(days=3), "leaves": today + timedelta(days=2)}, {"leaves"}),
            ({"arrives": today + timedelta(days=3), "leaves": today + timedelta(days=5), "nights": 3}, {"nights"}),
        ):
            with pytest.raises(ValidationFailed) as refused:
                door.create("stay", given)
            assert set(refused.value.errors) == wrong
        made = door.create(
            "stay", {"arrives": today + timedelta(days=3), "leaves": today + timedelta(days=5), "nights": 2}
        )
        assert made.values["nights"] == 2

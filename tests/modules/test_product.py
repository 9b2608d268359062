"""Products, their variants, codes, batches, pieces and prices, as the people who keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Records

D = Decimal


Doors = Callable[[str], Records]


def printer_of(doors: Doors) -> int:
    """A printer of list price 100.0000 and floor price 85.0000, of which every piece and batch is known."""
    category = doors("boss").create("product_category", {"name": "打印设备", "code": "PR"}).id
    values = {
        "code": "PR-100", "name": "激光打印机", "category": category, "list_price": "100", "floor_price": "85",
        "cost_price": "62", "warranty_months": 12, "multi_sku": True, "serial_managed": True, "batch_managed": True,
        "expiry_days": 365,
    }  # fmt: skip
    return doors("boss").create("product", values).id


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("product").working() as opened:
        yield opened


@pytest.fixture
def printer(doors: Doors) -> int:
    return printer_of(doors)


def told(found: pytest.ExceptionInfo[ValidationFailed]) -> dict[str, list[str]]:
    return {field: [said.say() for said in sentences] for field, sentences in found.value.errors.items()}


def refused(door: Records, entity: str, values: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(ValidationFailed) as found:
        door.create(entity, values)
    return told(found)


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("product").working() as doors:
        printer = printer_of(doors)
        maker = doors("admin").create("customer", {"name": "蓝天科技"}).id
        doors("admin").create("supplier", {"name": "蓝天科技", "customer": maker})  # purchasing sees whom it buys from
        things = {
            ("boss", "price_policy"): ({"name": "批发价", "product": printer, "price": "92"}, {"min_quantity": D(10)}),
            ("purchasing", "product_alias"): ({"partner": maker, "product": printer, "alias_name": "蓝天-8口"}, {"factor": D(12)}),
            ("warehouse", "barcode"): ({"code": "6901234567892", "product": printer}, {"factor": D(12)}),
            ("warehouse", "product_batch"): ({"batch_no": "B-01", "product": printer}, {"frozen": True}),
            ("warehouse", "serial_no"): ({"sn": "SN-001", "product": printer}, {"note": "样机"}),
            ("boss", "product_permission"): ({"name": "新品", "view_roles": ["sales"]}, {"see_floor": True}),
            ("boss", "cost_permission"): ({"subject_kind": "role", "role": "sales"}, {"see_margin": True}),
        }  # fmt: skip
        for (role, entity), (values, change) in things.items():
            door = doors(role)
            made = door.create(entity, values)
            assert made.title, entity
            changed = door.update(entity, made.id, change).values
            assert {key: changed[key] for key in change} == change
            door.delete(entity, made.id)
            with pytest.raises(RecordNotFound):
                door.get(entity, made.id)


def test_sales_reads_prices_but_keeps_none_and_sees_no_cost(doors, printer):
    policy = {"name": "一般", "product": printer, "price": "99", "floor_price": "90"}
    made = doors("boss").create("price_policy", policy).id
    sales = doors("sales")
    assert not {"cost_price", "floor_price"} & set(sales.get("product", printer).values)
    assert "floor_price" not in sales.get("price_policy", made).values
    with pytest.raises(AccessDenied):
        sales.create("price_policy", policy)
    with pytest.raises(AccessDenied):
        sales.update("product", printer, {"list_price": "1"})
    with pytest.raises(AccessDenied):
        sales.list("cost_permission")


def test_a_price_is_for_a_product_or_a_category_and_is_a_price_or_a_discount(doors, printer):
    door = doors("sales_manager")
    assert refused(door, "price_policy", {"name": "空", "price": "1"}) == {"product": ["产品 不能为空"]}
    assert refused(door, "price_policy", {"name": "空", "product": printer}) == {"price": ["价格 不能为空"]}
    both = {"name": "两样", "product": printer, "price": "95", "discount": "5"}
    assert refused(door, "price_policy", both) == {"discount": ["价格和折扣只能填一个"]}
    period = {"name": "反", "product": printer, "price": "95", "start_on": "2026-07-01", "end_on": "2026-06-30"}
    assert refused(door, "price_policy", period) == {"end_on": ["结束日期不能早于开始日期"]}


def test_a_policy_says_whom_it_is_for_and_whether_it_is_valid(doors, printer):
    door = doors("boss")
    k1 = door.create("customer", {"name": "K1"}).id
    agreed = {"name": "K1协议价", "product": printer, "customer": k1, "price": "90", "end_on": "2026-06-30"}
    made = door.create("price_policy", agreed).id
    for day, validity in (("2026-06-30", "valid"), ("2026-07-01", "ended")):
        with clock.stopped(datetime.fromisoformat(f"{day}T04:00:00")):
            values = door.get("price_policy", made).values
            assert (values["tier"], values["validity"]) == ("agreement", validity)
    level = {"name": "会员", "product": printer, "price_level": "member", "discount": "5"}
    assert door.create("price_policy", level).values["tier"] == "level"
    assert door.create("price_policy", {"name": "一般", "product": printer, "price": "99"}).values["tier"] == "general"


def test_a_variant_is_named_once_a_product(doors, printer):
    door = doors("boss")
    red = {"code": "PR-100-RX", "name": "红色/XL", "attributes": ["红色", "XL"]}
    door.update("product", printer, {"skus": [red]})
    kept = door.get("product", printer).values["skus"][0]
    assert kept.values["name"] == "红色/XL"
    with pytest.raises(ValidationFailed):
        door.update("product", printer, {"skus": [{"id": kept.id, **red}, {"code": "PR-100-RX2", "name": "红色/XL"}]})


def test_a_floor_price_is_never_above_the_list_price(doors, printer):
    with pytest.raises(ValidationFailed) as found:
        doors("boss").update("product", printer, {"floor_price": "100.0001"})
    assert told(found) == {"floor_price": ["底价不能高于标准售价"]}


def test_a_batch_expires_after_its_shelf_life_or_when_the_package_says(doors, printer):
    door = doors("warehouse")
    with clock.stopped(datetime(2026, 3, 1, 4)):
        made = door.create("product_batch", {"batch_no": "B-01", "product": printer, "made_on": "2026-01-01"})
        assert (made.values["expire_on"], made.values["status"]) == (date(2027, 1, 1), "fine")
        assert "batch_no" in refused(door, "product_batch", {"batch_no": "B-01", "product": printer})
        for change, status in (
            ({"expire_on": "2026-03-31"}, "expiring"),
            ({"expire_on": "2026-02-28"}, "expired"),
            ({"frozen": True}, "blocked"),
        ):
            assert door.update("product_batch", made.id, change).values["status"] == status


def test_a_piece_has_its_number_once_a_product(doors, printer):
    door = doors("warehouse")
    assert door.create("serial_no", {"sn": "SN-001", "product": printer}).values["status"] == "outside"
    assert "sn" in refused(door, "serial_no", {"sn": "SN-001", "product": printer})
    category = doors("boss").get("product", printer).values["category"].id
    plain = {"code": "PA", "name": "纸", "category": category, "list_price": "20"}
    paper = doors("boss").create("product", plain).id
    assert "product" in refused(door, "serial_no", {"sn": "SN-001", "product": paper})


def test_the_warranty_of_a_piece_runs_from_the_day_it_was_delivered(doors, printer):
    sold = doors("admin").create("serial_no", {"sn": "SN-001", "product": printer}).id
    engine = Records(doors("admin").unit, engine_of(doors("admin").actor))
    engine.update("serial_no", sold, {"out_on": "2026-02-10"})
    assert doors("service").get("serial_no", sold).values["warranty_until"] == date(2027, 2, 10)


def test_a_product_of_a_group_is_seen_by_its_roles_and_people_alone(doors, printer, standing_staff):
    boss = doors("boss")
    people = [standing_staff("product").ids["sales"]]
    group = boss.create("product_permission", {"name": "未上市", "view_roles": ["finance"], "people": people}).id
    category = boss.create("product_category", {"name": "新品", "permission_group": group}).id
    secret = boss.create("product", {"code": "N-1", "name": "新机", "category": category, "list_price": "1"})
    assert secret.values["permission_group"].id == group  # taken from the category
    assert boss.get("product_permission", group).values["product_count"] == 1
    for role, seen in (("boss", True), ("finance", True), ("sales", True), ("service", False), ("purchasing", False)):
        names = {record.values["name"] for record in doors(role).list("product").records}
        assert names == {"激光打印机", *(["新机"] if seen else [])}, role
    with pytest.raises(AccessDenied):  # finance sees it, and does not maintain it
        doors("finance").update("product", secret.id, {"cost_price": "1"})
    boss.update("product_permission", group, {"edit_roles": ["finance"]})
    assert doors("finance").update("product", secret.id, {"cost_price": "1"}).values["cost_price"] == 1
    boss.update("product_permission", group, {"status": "disabled"})
    assert doors("service").get("product", secret.id).values["name"] == "新机"


def test_a_category_with_products_stays(doors, printer):
    door = doors("boss")
    category = door.get("product", printer).values["category"].id
    assert door.get("product_category", category).values["product_count"] == 1
    with pytest.raises(Refused):
        door.delete("product_category", category)

"""What the tests of sales and purchases begin with: the goods and the order of story B03, and how their figures are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.errors import ValidationFailed
from yuanke.records import Record, Records

D = Decimal
Doors = Callable[[str], Records]


def brought(door: Records, entity: str, values: dict[str, Any]) -> Record:
    """A record in a state that people reach by transitions only: brought by the engine, owned by who asks."""
    return Records(door.unit, engine_of(door.actor)).create(entity, {"owner": door.actor.user_id, **values})


def goods(doors: Doors) -> dict[str, int]:
    """服务器 and 交换机 at 13 %, 安装服务 at 6 %: ids by name."""
    boss = doors("boss")
    category = boss.create("product_category", {"name": "硬件"}).id
    said = [
        ("服务器", "台", "12800", "9800", "13"),
        ("交换机", "台", "1599.5", "1148", "13"),
        ("安装服务", "项", "3605", "1000", "6"),
    ]
    common = {"category": category}
    return {
        name: boss.create(
            "product",
            {
                "code": name,
                "name": name,
                "unit": unit,
                "list_price": price,
                "cost_price": cost,
                "tax_rate": tax,
                **common,
            },
        ).id
        for name, unit, price, cost, tax in said
    }


def buyer(doors: Doors, **more: Any) -> int:
    return doors("sales").create("customer", {"name": "上海蓝天科技有限公司", "address": "世纪大道 1 号", **more}).id


def sold_lines(doors: Doors) -> list[dict[str, Any]]:
    """3 servers, 10 switches, one installation."""
    things = goods(doors)
    return [{"product": things[name], "quantity": n} for name, n in (("服务器", 3), ("交换机", 10), ("安装服务", 1))]


def blue_sky(doors: Doors, **more: Any) -> Record:
    """The order of story B04: 58,000 of goods, 1,000 off."""
    values = {
        "customer": buyer(doors),
        "sign_on": clock.today() - timedelta(days=60),
        "discount_amount": 1000,
        "lines": sold_lines(doors),
        **more,
    }
    sales = doors("sales")
    return brought(sales, "order", values) if "status" in more else sales.create("order", values)


def running(doors: Doors, **more: Any) -> Record:
    return blue_sky(doors, status="running", **more)


def lines_of(doors: Doors, order: int) -> dict[str, Record]:
    return {line.values["name"]: line for line in doors("sales").get("order", order).values["lines"]}


def delivered(doors: Doors, order: int, name: str, quantity: Any, **more: Any) -> Record:
    line = lines_of(doors, order)[name].id
    values = {"order": order, "order_item": line, "quantity": quantity, **more}
    return doors("warehouse").create("delivery_record", values)


def figures(record: Record, *names: str) -> list[Any]:
    return [record.values[name] for name in names]


def told(door: Records, entity: str, values: dict[str, Any]) -> list[str]:
    """The sentences with which the record is refused."""
    with pytest.raises(ValidationFailed) as found:
        door.create(entity, values)
    return [said.say() for sentences in found.value.errors.values() for said in sentences]

"""What the tests of sales and purchases begin with: the goods and the order of story B03, and how their figures are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access.grants import engine_of
from yuanke.access.sessions import actor_of
from yuanke.kernel import clock
from yuanke.kernel.errors import ValidationFailed
from yuanke.records import Record, Records
from yuanke.workflow import approvals, perform
from yuanke.workflow.documents import make

D = Decimal
#: the modules of one enterprise that serves all tests of sales and purchases
DEALS = ("store", "quote", "payable")
Doors = Callable[[str], Records]


def brought(door: Records, entity: str, values: dict[str, Any]) -> Record:
    """A record in a state that people reach by transitions only: brought by the engine, owned by who asks."""
    return Records(door.unit, engine_of(door.actor)).create(entity, {"owner": door.actor.user_id, **values})


def goods(doors: Doors, more: str = "") -> dict[str, int]:
    """服务器 and 交换机 at 13 %, 安装服务 at 6 %: ids by name."""
    boss = doors("boss")
    category = boss.create("product_category", {"name": f"硬件{more}"}).id
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


def supplier_of(doors: Doors, **more: Any) -> int:
    return doors("purchasing").create("supplier", {"name": "深圳网联设备有限公司", **more}).id


def warehouse_of(doors: Doors) -> int:
    """A warehouse that the warehouse's keeper keeps; made once."""
    boss = Records(doors("boss").unit, engine_of(doors("boss").actor))
    standing = boss.list("warehouse").records
    if standing:
        return standing[0].id
    return boss.create("warehouse", {"code": "BJ", "name": "北京仓", "keepers": [doors("warehouse").actor.user_id]}).id


def bought(doors: Doors, status: str = "running", **more: Any) -> Record:
    """The purchase of story B08: 100 at 23.4500 and 30 at 41.3333, 13 %, freight 100 by amount."""
    boss = doors("boss")
    supplier = boss.list("supplier").records
    category = boss.create("product_category", {"name": f"耗材{len(supplier)}{clock.now():%f}"}).id
    common = {"category": category, "list_price": "60", "tax_rate": "13"}
    codes = [f"{name}{clock.now():%M%S%f}" for name in ("P1-", "P2-")]
    ids = [boss.create("product", {"code": code, "name": code, **common}).id for code in codes]
    lines = [
        {"product": ids[0], "quantity": 100, "price": "23.45", "tax_rate": 13},
        {"product": ids[1], "quantity": 30, "price": "41.3333", "tax_rate": 13},
    ]
    values = {
        "supplier": supplier[0].id if supplier else supplier_of(doors),
        "warehouse": warehouse_of(doors),
        "freight": 100,
        "lines": lines,
        "status": status,
        **more,
    }
    return brought(doors("purchasing"), "purchase_order", values)


def received(doors: Doors, order: Record, *quantities: int, status: str = "posted") -> Record:
    """So many of each line of a purchase come into the warehouse."""
    lines = [
        {"product": row.values["product"].id, "purchase_item": row.id, "quantity": quantity}
        for row, quantity in zip(order.values["lines"], quantities, strict=False)
    ]
    values = {"purchase_order": order.id, "warehouse": order.values["warehouse"].id, "status": status, "lines": lines}
    return brought(doors("warehouse"), "stock_in", values)


def do(door: Records, entity: str, record: int, act: str, confirm: Sequence[str] = (), **asked: Any) -> Record:
    """A transition or action by this person; who has to agree does so at once."""
    made = perform(door.unit, door.actor, entity, record, act, asked, confirm=confirm)
    task = door.unit.tables["approval_task"]
    here = sa.and_(task.c.entity == entity, task.c.record == record, task.c.state == "open", task.c.kind == "decide")
    asked_now = sa.select(task.c.id, task.c.approver).where(here).order_by(task.c.id)
    while (turn := door.unit.execute(asked_now).first()) is not None:
        approvals.approve(door.unit, actor_of(door.unit, turn.approver, "api"), turn.id)
    return Records(door.unit, engine_of(door.actor)).get(entity, made.id)


def becomes(door: Records, entity: str, record: int, key: str, **more: Any) -> list[Record]:
    """What the record becomes, made and saved by this person."""
    return make(door.unit, door.actor, entity, record, key, more)

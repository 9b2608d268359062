"""The warehouse is filled, and filled again from suppliers before it runs empty; what came is paid in its time."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ..catalogue import PRODUCTS, SUPPLIERS, Product
from ..customers import credit_code
from ..goods import BY_CODE, catalogue
from ..telling import Ref, Time
from .company import Company
from .delivering import KEEPER
from .money import CASHIER

BUYER = "tangyan"
#: how often the keeper counts what is left
EVERY_DAYS = 7
GOODS = [product for product in PRODUCTS if product.low is not None]
LEAD = {supplier.name: supplier for supplier in SUPPLIERS}


def open_warehouse(company: Company) -> None:
    """Catalogue, accounts and the first goods, on the first day."""
    diary = company.diary
    first = diary.at(company.begin, 8, 0)
    diary.on(first, _set_up, company)
    diary.on(first + timedelta(minutes=1), _opening, company)


def _set_up(company: Company) -> None:
    keepers = [company.person(KEEPER), company.person("heting")]
    for code, name, kind in (("WH-01", "北京总仓", "finished"), ("WH-02", "维修备件仓", "repair")):
        values = {
            "code": code,
            "name": name,
            "kind": kind,
            "keepers": keepers,
            "region": "北京市/海淀区",
            "phone": "010-62001120",
        }
        company.ids["warehouse", code] = company.create("chenmo", "warehouse", values)
    for name, kind, opening in (
        ("工商银行基本户", "bank", 2_000_000),
        ("招商银行一般户", "bank", 600_000),
        ("现金", "cash", 20_000),
    ):
        values = {
            "name": name,
            "kind": kind,
            "opening": Decimal(opening),
            "opened_on": company.begin,
            "manager": company.person(CASHIER),
        }
        company.ids["fund_account", name] = company.create(CASHIER, "fund_account", values)
    for event in catalogue(Time(company.diary.today, company.rng)):
        values = {key: _id(company, value) for key, value in event.values.items()} | {"owner": company.person(BUYER)}
        values.pop("owner") if event.entity == "product_category" else None
        if event.entity == "product_category":
            values["default_warehouse"] = company.ids["warehouse", "WH-01"]
        if event.entity == "product":
            values["serial_managed"] = False
        if event.entity == "supplier":
            values["tax_no"] = credit_code("110108", company.rng)
        company.ids[event.entity, event.key] = company.create("chenmo", event.entity, values)


def _id(company: Company, value: Any) -> Any:
    if not isinstance(value, Ref):
        return value
    return company.person(value.key) if value.entity == "user" else company.ids[value.entity, value.key]


def _opening(company: Company) -> None:
    """What lay there when the company began to count."""
    counts = Counter({product.code: (product.low or 0) * 3 for product in GOODS})
    lines = [{"product": company.ids["product", code], "quantity": count} for code, count in counts.items()]
    values = {"warehouse": company.ids["warehouse", "WH-01"], "kind": "opening", "subject": "期初库存", "lines": lines}
    company.act(KEEPER, "stock_in", company.create(KEEPER, "stock_in", values), "confirm")
    company.stock.update(counts)


def restock_weekly(company: Company) -> None:
    day = company.begin + timedelta(days=EVERY_DAYS)
    while day <= company.diary.today:
        company.diary.on(company.diary.at(day, 9, 30), _restock, company)
        day += timedelta(days=EVERY_DAYS)


def _restock(company: Company) -> None:
    """One order to each supplier of whom something runs short."""
    wanted: dict[str, list[tuple[Product, int]]] = defaultdict(list)
    owed = sum((Counter(goods) for goods, _ in company.backlog), Counter())
    for product in GOODS:
        low, there = product.low or 0, company.stock[product.code] + company.coming[product.code] - owed[product.code]
        if there < low:
            wanted[product.supplier or ""].append((product, low * 3 - there))
    for supplier, lines in sorted(wanted.items()):
        _order(company, supplier, lines)


def _order(company: Company, supplier: str, lines: list[tuple[Product, int]]) -> None:
    values = {
        "supplier": company.ids["supplier", supplier],
        "warehouse": company.ids["warehouse", "WH-01"],
        "type": "restock",
        "lines": [{"product": company.ids["product", one.code], "quantity": count} for one, count in lines],
        "freight": Decimal(company.rng.choice([0, 200, 350])),
    }
    made = company.create(BUYER, "purchase_order", values)
    if not company.ask(BUYER, "purchase_order", made, "start"):
        return
    company.coming.update({one.code: count for one, count in lines})
    due = company.become(BUYER, "purchase_order", made, "payable_plan")[0]
    days = LEAD[supplier].lead_days
    company.diary.later(0, company.act, BUYER, "payable_plan", due, "submit")
    company.diary.later(days + company.rng.randint(0, 3), _receive, company, made, {one.code: n for one, n in lines})
    company.diary.later(days + LEAD[supplier].pay_days, _pay, company, made, due)


def _receive(company: Company, purchase: int, counts: dict[str, int]) -> None:
    """The goods come in, and what waited for them goes out, first come, first served."""
    for made in company.become(KEEPER, "purchase_order", purchase, "stock_in"):
        company.act(KEEPER, "stock_in", made, "confirm")
    company.stock.update(counts)
    company.coming.subtract(counts)
    waiting, company.backlog = company.backlog, []
    for goods, ship in waiting:
        if any(company.stock[code] < count for code, count in goods.items()):
            company.backlog.append((goods, ship))
        else:
            ship()


def _pay(company: Company, purchase: int, due: int) -> None:
    made = company.become(
        CASHIER, "payable_plan", due, "payment", account=company.ids["fund_account", "工商银行基本户"]
    )[0]
    if company.ask(CASHIER, "payment", made, "submit"):
        company.act(CASHIER, "payment", made, "pay", bank_ref=f"{company.rng.randint(10**11, 10**12 - 1)}")
        company.diary.later(1, company.act, BUYER, "purchase_order", purchase, "finish")


__all__ = ["BY_CODE", "open_warehouse", "restock_weekly"]

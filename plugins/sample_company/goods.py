"""The catalogue enters the system, and what customers put into a basket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from yuanke.kernel.decimals import round_half_up

from .catalogue import BASKETS, CATEGORIES, PRODUCTS, SUPPLIERS, Product, Supplier
from .telling import Event, Ref, Time, user

BY_CODE = {product.code: product for product in PRODUCTS}
Line = dict[str, Any]


def catalogue(time: Time) -> Iterator[Event]:
    begin = time.moment(620, 9)
    for order, category in enumerate(CATEGORIES):
        values = {"name": category.name, "code": category.code, "sort": (order + 1) * 10, "manager": user("tangyan")}
        if category.parent:
            values["parent"] = Ref("product_category", category.parent)
        yield Event(begin + timedelta(minutes=order), "product_category", category.name, values)
    for order, supplier in enumerate(SUPPLIERS):
        moment = begin + timedelta(hours=1, minutes=order)
        yield Event(moment, "supplier", supplier.name, _supplier(supplier))
    for order, product in enumerate(PRODUCTS):
        moment = begin + timedelta(hours=2, minutes=order)
        yield Event(moment, "product", product.code, _product(product))


def _supplier(supplier: Supplier) -> dict[str, Any]:
    return {
        "name": supplier.name,
        "category": supplier.category,
        "level": supplier.level,
        "contact_name": supplier.contact,
        "phone": supplier.phone,
        "address": supplier.address,
        "pay_days": supplier.pay_days,
        "lead_days": supplier.lead_days,
        "buyer": user("tangyan"),
        "owner": user("tangyan"),
    }


def _product(product: Product) -> dict[str, Any]:
    price = Decimal(product.price)
    values: dict[str, Any] = {
        "code": product.code,
        "name": product.name,
        "model": product.model,
        "unit": product.unit,
        "kind": product.kind,
        "category": Ref("product_category", product.category),
        "list_price": price,
        "cost_price": Decimal(product.cost),
        "floor_price": round_half_up(price * 85 / 100, 2),
        "tax_rate": Decimal(product.tax),
        "stock_kind": "stocked" if product.code.startswith("HW") else "none",
        "owner": user("tangyan"),
    }
    if product.supplier:
        values["supplier"] = Ref("supplier", product.supplier)
    if product.low:
        values |= {"stock_low": product.low, "stock_high": product.low * 6, "watch_stock": product.low >= 30}
    if product.code.startswith(("HW-1", "HW-3")):
        values |= {"warranty_months": 36 if product.code.startswith("HW-1") else 12, "serial_managed": True}
    return values


def basket(rng: Random) -> list[Line]:
    """Lines of products that are bought together, in usual quantities, now and then with a discount."""
    return [_line(BY_CODE[code], rng) for code in rng.choice(BASKETS)]


def _line(product: Product, rng: Random) -> Line:
    return {
        "product": Ref("product", product.code),
        "quantity": rng.randint(*product.pack),
        "price": Decimal(product.price),
        "discount": Decimal(rng.choice([0, 0, 0, 5, 5, 8, 10])),
    }


def line_amount(line: Mapping[str, Any]) -> Decimal:
    """What a line is worth: half up to 2 places, as the document rounds it."""
    return round_half_up(line["quantity"] * line["price"] * (100 - line["discount"]) / 100, 2)


def worth(lines: list[Line]) -> Decimal:
    return sum((line_amount(line) for line in lines), Decimal(0))


def in_hundreds(lines: list[Line]) -> Decimal:
    """What a salesman expects of a basket: its worth in round hundreds."""
    return round_half_up(worth(lines) / 100, 0) * 100


def lead_name(lines: list[Line]) -> str:
    return BY_CODE[lines[0]["product"].key].name

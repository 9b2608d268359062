"""The figures of the Northwind data set, from the module's own formulas and the mapping's own expressions.

Two rules of rounding are in play and every test names the one it uses: documents round each line half up to 2 places
(what the order fields show); the usual published figure sums unrounded lines and rounds once.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from yuanke.kernel.decimals import round_half_up

from tests.modules.conftest import plain

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "examples" / "northwind"
Row = Mapping[str, Any]


def table(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def formula(field: str) -> str:
    module = plain(ROOT / "modules" / "order.yaml")
    return module["entities"]["priced_line"]["fields"][field]["formula"]


@cache
def line_columns() -> dict[str, str]:
    return plain(DATA / "orders.yaml")["rows"]["lines"]["columns"]


def mapped(cells: Row) -> dict[str, Decimal]:
    """Quantity, price and discount of a line as the mapping makes them of the cells."""
    numbers = {key: Decimal(cell) for key, cell in cells.items()}
    return {
        field: evaluate(said[1:], numbers) if said.startswith("=") else numbers[said]
        for field, said in line_columns().items()
    }


def evaluate(source: str, names: Row) -> Decimal:
    """A formula of plain arithmetic, in Decimal; whole numbers are the only literals in them."""
    return eval(source, {"__builtins__": {}, "round": round_half_up}, dict(names))


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """Each line with its order, its figures by document rule (gross, amount) and its exact value."""
    orders = {order["OrderID"]: order for order in table("orders")}
    found = []
    for cells in table("order_details"):
        values = mapped(cells)
        exact = values["quantity"] * values["price"] * (100 - values["discount"]) / 100
        found.append(
            {
                "order": orders[cells["OrderID"]],
                "gross": evaluate(formula("gross"), values),
                "amount": evaluate(formula("amount"), values),
                "exact": exact,
            }
        )
    return found


def sums(lines: list[dict[str, Any]], by: Callable[[Row], str], figure: str = "amount") -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[by(line["order"])] += line[figure]
    return found


def total(lines: list[dict[str, Any]], figure: str) -> Decimal:
    return sum((line[figure] for line in lines), Decimal(0))


def test_nothing_of_the_files_is_missing():
    counts = {
        name: len(table(name))
        for name in ("customers", "orders", "order_details", "products", "suppliers", "employees", "categories")
    }
    assert counts == {
        "customers": 93,
        "orders": 830,
        "order_details": 2155,
        "products": 77,
        "suppliers": 29,
        "employees": 9,
        "categories": 8,
    }


def test_gross_is_the_sum_of_the_lines_before_discount(lines):
    assert total(lines, "gross") == Decimal("1354458.59")


def test_net_under_the_document_rule_sums_rounded_lines(lines):
    assert total(lines, "amount") == Decimal("1265793.29")
    assert sum(line["amount"] != line["exact"] for line in lines) == 81


def test_the_published_net_sums_unrounded_lines_and_rounds_once(lines):
    assert total(lines, "exact") == Decimal("1265793.0395")
    assert round_half_up(total(lines, "exact"), 2) == Decimal("1265793.04")


def test_freight_stands_on_the_orders():
    assert sum(Decimal(order["Freight"]) for order in table("orders")) == Decimal("64942.69")


def test_years_under_both_rules(lines):
    def year(order: Row) -> str:
        return order["OrderDate"][:4]

    assert sums(lines, year) == {
        "1996": Decimal("208083.99"),
        "1997": Decimal("617085.35"),
        "1998": Decimal("440623.95"),
    }
    once = {key: round_half_up(value, 2) for key, value in sums(lines, year, "exact").items()}
    assert once == {"1996": Decimal("208083.97"), "1997": Decimal("617085.20"), "1998": Decimal("440623.87")}


def test_the_months_that_the_document_rule_changes(lines):
    month = sums(lines, lambda order: order["OrderDate"][:7])
    expected = {
        "1996-07": "27861.90",
        "1997-01": "61258.08",
        "1997-03": "38547.23",
        "1997-12": "71398.45",
        "1998-01": "94222.13",
        "1998-03": "104854.19",
        "1998-04": "123798.70",
        "1998-05": "18333.64",
    }
    assert {key: month[key] for key in expected} == {key: Decimal(value) for key, value in expected.items()}


def test_the_best_customers_and_their_share_under_the_document_rule(lines):
    ranked = sorted(sums(lines, lambda order: order["CustomerID"]).items(), key=lambda pair: -pair[1])
    assert ranked[:3] == [
        ("QUICK", Decimal("110277.32")),
        ("ERNSH", Decimal("104875.00")),
        ("SAVEA", Decimal("104361.96")),
    ]
    assert len(ranked) == 89
    top = sum(value for _, value in ranked[:18])
    assert top == Decimal("760198.06")
    assert round_half_up(top / total(lines, "amount") * 100, 2) == Decimal("60.06")


def test_open_and_late_orders():
    orders = table("orders")
    assert sum(order["ShippedDate"] == "" for order in orders) == 21
    assert sum(order["ShippedDate"] > order["RequiredDate"] for order in orders) == 37
    assert len({c["CustomerID"] for c in table("customers")} - {order["CustomerID"] for order in orders}) == 4


def test_no_order_is_wanted_before_it_was_signed():
    assert all(order["RequiredDate"] >= order["OrderDate"] for order in table("orders"))

"""The Northwind files through the product's own import, on both databases: nothing lost, the figures exact."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.exchange import kinds
from yuanke.exchange.mapping import read_mapping
from yuanke.expressions import compile as compile_expression
from yuanke.expressions.scope import Kind
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.storage import Installation, Unit

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "examples" / "northwind"
MODULES = sorted((ROOT / "modules").glob("*.yaml"))
ORDER = ("employees", "categories", "suppliers", "customers", "contacts", "products", "orders")
Reading = Callable[[Enterprise], AbstractContextManager[Unit]]


class Prices:
    """Names of the figure over a line, for one who adds the unrounded values."""

    def kind_of(self, name: str) -> Kind | None:
        return Kind("number") if name in ("quantity", "price", "discount") else None

    def step(self, kind: Kind, name: str) -> None:
        return None

    def entity(self, name: str) -> None:
        return None

    def names(self) -> list[str]:
        return ["quantity", "price", "discount"]


def bring(installation: Installation, at: Enterprise, name: str) -> jobs.Job:
    """Import one file by its mapping, and wait for the job."""
    mapping = read_mapping(DATA / f"{name}.yaml")
    actor = Actor(at.slug, None, username="command", door="command", engine=True)
    wanted = [mapping.file, *(rows.file for rows in mapping.rows.values() if rows.file)]
    with installation.unit(at, write=True) as unit:
        files = {}
        for file in wanted:
            with (DATA / file).open("rb") as stream:
                files[file] = unit.files.put(stream, file, None, largest=1 << 24).id
        number = kinds.start_import(unit, actor, mapping, files, False)
    jobs.run_pending(installation, at)
    with installation.unit(at) as unit:
        return jobs.find(unit, actor, number)


@pytest.fixture
def northwind(installation: Installation, enterprise: Callable[..., Enterprise]) -> Enterprise:
    at = enterprise(*MODULES, slug="northwind")
    for name in ORDER:
        job = bring(installation, at, name)
        assert job.result is not None, (name, job)
        assert job.result["failed"] == 0, (name, job.result)
    return at


def figures(unit: Unit, entity: str, *names: str) -> list[sa.Row]:
    table = unit.tables[entity]
    return unit.execute(sa.select(*(table.c[name] for name in names)).where(table.c.deleted_at.is_(None))).all()


def test_northwind_comes_in_whole_exact_and_once(installation: Installation, northwind: Enterprise, reading: Reading):
    with reading(northwind) as unit:
        nothing_is_missing(unit)
        the_figures_are_exact(unit)
        everything_hangs_together(unit)
    for name in ("customers", "products"):
        job = bring(installation, northwind, name)
        assert job.result["created"] == job.result["failed"] == 0
    with reading(northwind) as unit:
        nothing_is_missing(unit)


def nothing_is_missing(unit: Unit) -> None:
    counts = {name: len(figures(unit, name, "id")) for name in ("customer", "contact", "supplier", "product", "order")}
    assert counts == {"customer": 93, "contact": 93, "supplier": 29, "product": 77, "order": 830}
    assert len(figures(unit, "order_item", "id")) == 2155


def the_figures_are_exact(unit: Unit) -> None:
    lines = figures(unit, "order_item", "quantity", "price", "discount", "gross", "amount")
    orders = figures(unit, "order", "gross", "goods_amount", "freight", "total", "tax_amount")
    assert sum(order.gross for order in orders) == Decimal("1354458.59")
    assert sum(order.freight for order in orders) == Decimal("64942.69")
    # the document rule: each line is rounded half up to 2 places
    assert sum(order.goods_amount for order in orders) == Decimal("1265793.29")
    assert sum(line.amount for line in lines) == Decimal("1265793.29")
    assert all(order.total == order.goods_amount + order.freight and order.tax_amount == 0 for order in orders)
    # the published figure: unrounded lines, rounded once
    exact = compile_expression("quantity * price * (100 - discount) / 100", Prices(), expect="number")
    assert sum(exact.evaluate(line._mapping) for line in lines) == Decimal("1265793.0395")


def everything_hangs_together(unit: Unit) -> None:
    customers = figures(unit, "customer", "ext_code", "deal_amount", "valid_orders", "life", "tel", "address")
    orders = figures(unit, "order", "status", "total")
    assert sum(customer.deal_amount for customer in customers) == sum(order.total for order in orders)
    assert sum(customer.valid_orders == 0 for customer in customers) == 4
    assert sum(order.status == "running" for order in orders) == 21
    assert {customer.life for customer in customers} == {"potential", "lapsed"}  # nobody has ordered since 1998
    quick = next(customer for customer in customers if customer.ext_code == "QUICK")
    assert quick.valid_orders == 28
    users = {user.ext_code: user for user in figures(unit, "user", "id", "ext_code", "username", "manager")}
    assert users["1"].username == "nancy"
    assert users["1"].manager == users["2"].id  # named further down in the same file
    assert users["2"].manager is None
    stopped = [product for product in figures(unit, "product", "status") if product.status == "discontinued"]
    assert len(stopped) == 8

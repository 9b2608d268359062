"""Contracts: the agreement above the orders, as the people who sign it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, ValidationFailed

from tests.modules.deals import DEALS, D, Doors, brought, buyer, figures, sold_lines, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def service_of(doors: Doors, **more: Any) -> dict[str, Any]:
    return {"subject": "年度服务", "customer": buyer(doors), "amount": "120000", "deposit_rate": 30, **more}


def test_a_contract_is_made_changed_and_deleted(doors):
    sales = doors("sales")
    made = sales.create("contract", service_of(doors))
    assert (made.title, made.values["status"], made.values["deposit"]) == ("年度服务", "booked", D("36000.00"))
    assert made.values["begin_on"] == made.values["sign_on"] == clock.today()
    assert sales.update("contract", made.id, {"seal_status": "stamped"}).values["seal_status"] == "stamped"
    assert doors("finance").get("contract", made.id).values["amount"] == D("120000.00")
    doors("boss").delete("contract", made.id)
    with pytest.raises(RecordNotFound):
        sales.get("contract", made.id)


def test_what_is_ordered_under_a_contract_counts_when_it_runs(doors):
    customer = buyer(doors)
    contract = brought(doors("sales"), "contract", {**service_of(doors, customer=customer), "status": "running"}).id
    lines = sold_lines(doors)
    for status, ordered in (("booked", D(0)), ("running", D("58000.00"))):
        brought(doors("sales"), "order", {"customer": customer, "contract": contract, "lines": lines, "status": status})
        seen = doors("sales").get("contract", contract)
        assert figures(seen, "ordered_total", "to_order") == [ordered, D("120000.00") - ordered]


def test_an_order_belongs_to_a_contract_of_its_own_customer(doors):
    contract = doors("sales").create("contract", service_of(doors)).id
    other = doors("sales").create("customer", {"name": "别家"}).id
    assert told(doors("sales"), "order", {"customer": other, "contract": contract, "lines": sold_lines(doors)})


def test_the_customer_shows_until_when_its_contracts_run(doors):
    customer, today = buyer(doors), clock.today()
    for days in (30, 90):
        values = service_of(doors, customer=customer, end_on=today + timedelta(days=days), status="running")
        made = brought(doors("sales"), "contract", values)
    assert made.values["days_left"] == 90
    seen = doors("sales").get("customer", customer)
    assert figures(seen, "running_contracts", "contract_end_on") == [2, today + timedelta(days=90)]


def test_no_contract_ends_before_it_begins_and_a_finished_one_keeps_its_amount(doors):
    values = service_of(doors, begin_on="2026-03-01", end_on="2026-02-28")
    assert told(doors("sales"), "contract", values) == ["结束日期不能早于开始日期"]
    made = brought(doors("sales"), "contract", {**values, "end_on": "2026-12-31", "status": "finished"})
    with pytest.raises(ValidationFailed):
        doors("sales").update("contract", made.id, {"amount": 1})

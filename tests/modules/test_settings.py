"""Currencies and their rates, as finance keeps them and everybody reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.records import Query, Records

Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("settings").working() as opened:
        yield opened


def test_a_rate_is_what_one_unit_is_worth(doors):
    finance = doors("finance")
    usd = finance.create("currency", {"code": "USD", "name": "美元", "symbol": "$", "rate_unit": 100}).id
    jpy = finance.create("currency", {"code": "JPY", "name": "日元", "symbol": "JP¥", "rate_unit": 100, "scale": 0}).id
    dollar = finance.create("exchange_rate", {"currency": usd, "rate": "629.00"}).values
    yen = finance.create("exchange_rate", {"currency": jpy, "rate": "4.8721"}).values
    assert (dollar["base_per_one"], yen["base_per_one"]) == (Decimal("6.29"), Decimal("0.048721"))
    earlier = {"currency": usd, "rate": "700", "rate_date": clock.today() - timedelta(days=3)}
    mistaken = finance.create("exchange_rate", earlier).id
    assert doors("sales").get("currency", usd).values["latest_rate"] == Decimal(629)
    finance.update("exchange_rate", mistaken, {"rate": "701"})
    finance.delete("exchange_rate", mistaken)
    assert len(finance.list("exchange_rate", Query(filter="currency.code == 'USD'")).records) == 1


def test_one_rate_a_day_and_kind_and_one_base_currency(doors):
    finance = doors("finance")
    finance.create("currency", {"code": "CNY", "name": "人民币", "symbol": "¥", "is_base": True})
    usd = finance.create("currency", {"code": "USD", "name": "美元", "symbol": "$"}).id
    with pytest.raises(ValidationFailed):
        finance.update("currency", usd, {"is_base": True})
    finance.create("exchange_rate", {"currency": usd, "rate": "7.1"})
    with pytest.raises(ValidationFailed):
        finance.create("exchange_rate", {"currency": usd, "rate": "7.2"})
    for wrong in ("0", "-1"):
        with pytest.raises(ValidationFailed):
            finance.create("exchange_rate", {"currency": usd, "rate": wrong, "kind": "company"})
    with pytest.raises(ValidationFailed):
        finance.create("currency", {"code": "eur", "name": "欧元", "symbol": "€", "rate_unit": 10})
    with pytest.raises(AccessDenied):
        doors("sales").create("currency", {"code": "EUR", "name": "欧元", "symbol": "€"})


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    assert made["currency", "usd"]
    assert doors("boss").get("currency", made["currency", "usd"]).values["latest_rate"] == Decimal("710.25")

"""Accounts and their entries: what finance keeps of the money itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed

from tests.modules.deals import DEALS, D, Doors, figures, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def account(doors: Doors, name: str = "招行基本户", **more: Any) -> int:
    return doors("finance").create("fund_account", {"name": name, "opening": "1000", **more}).id


def entry(doors: Doors, held: int, direction: str, amount: str, date: str) -> Any:
    values = {"account": held, "direction": direction, "amount": amount, "date": date, "note": amount}
    return doors("finance").create("fund_entry", values)


def test_the_balance_is_the_opening_and_the_entries_and_each_says_how_much_there_was(doors):
    held = account(doors)
    second = entry(doors, held, "outgo", "300", "2026-03-02")
    first = entry(doors, held, "income", "500.50", "2026-03-01")
    seen = doors("finance").get("fund_account", held)
    assert figures(seen, "income", "outgo", "balance") == [D("500.50"), D("300.00"), D("1200.50")]
    after = [doors("finance").get("fund_entry", made.id).values["balance_after"] for made in (first, second)]
    assert after == [D("1500.50"), D("1200.50")]


def test_an_entry_keeps_its_amount_and_its_account(doors):
    made = entry(doors, account(doors), "income", "5", "2026-03-01").id
    for change in ({"amount": "6"}, {"account": account(doors, "现金")}):
        with pytest.raises((ValidationFailed, AccessDenied)):
            doors("finance").update("fund_entry", made, change)


def test_only_finance_and_the_boss_see_money_and_others_know_the_accounts_by_name(doors):
    held = account(doors)
    with pytest.raises(AccessDenied):
        doors("sales").list("fund_entry")
    seen = doors("sales").get("fund_account", held).values
    assert seen["name"] == "招行基本户"
    assert not {"balance", "account_no", "opening"} & set(seen)


def test_one_default_account_a_currency_and_no_two_of_a_name(doors):
    assert told(
        doors("finance"), "fund_account", {"name": doors("finance").get("fund_account", account(doors)).values["name"]}
    )
    assert told(doors("finance"), "fund_entry", {"account": account(doors, "现金"), "amount": "0"}) == ["金额要大于 0"]


def test_accounts_and_entries_are_made_changed_and_deleted(doors):
    held = account(doors, "支付宝", kind="alipay")
    assert doors("finance").update("fund_account", held, {"memo": "客户扫码"}).values["memo"] == "客户扫码"
    made = entry(doors, held, "income", "5", "2026-03-01").id
    assert doors("finance").update("fund_entry", made, {"note": "利息"}).title == "利息"
    with pytest.raises(Refused):
        doors("finance").delete("fund_account", held)
    doors("finance").delete("fund_entry", made)
    doors("finance").delete("fund_account", held)
    with pytest.raises(RecordNotFound):
        doors("finance").get("fund_account", held)

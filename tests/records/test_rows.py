from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import RecordNotFound, ValidationFailed
from yuanke.storage import Installation

from tests.records.conftest import Company

DECLARED_ROWS = """
module: bills
label: 账单
version: 1.0.0
roles: {boss: {label: 老板}, packer: {label: 库管}}
entities:
  bill:
    label: 账单
    fields:
      name: {type: text!, unique: true}
      closed: {type: bool, default: false}
      lines: {rows: bill_line, label: 明细}
      total: {type: money, formula: sum(lines.amount)}
    checks:
      open: {valid_when: not old.closed, message: "账单 {name} 已关闭"}
    permissions: {boss: {read: all, create: true, update: all}, packer: {read: all}}
  bill_line:
    label: 账单明细
    fields:
      what: text!
      quantity: {type: integer, default: 1}
      price: money
      amount: {type: money, formula: quantity * price}
    permissions: {boss: {read: all, create: true, update: all, delete: all}, packer: {read: all, fields: {price: hidden}}}
"""


@pytest.fixture
def bills(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(DECLARED_ROWS), {"boss": ["boss"], "packer": ["packer"]})


def test_a_row_addressed_by_itself_is_saved_with_its_record(bills: Any) -> None:
    with bills.as_("boss") as door:
        bill = door.create("bill", {"name": "甲"})
        row = door.create("bill_line", {"bill": "甲", "what": "笔", "quantity": 3, "price": 2})
        assert door.get("bill", bill.id).values["total"] == Decimal("6.00") and door.get("bill", bill.id).version == 2
        door.update("bill_line", row.id, {"quantity": 5})
        assert door.get("bill", bill.id).values["total"] == Decimal("10.00")
        done = door.batch(
            "bill_line", create=[{"bill": bill.id, "what": "纸", "price": 1}, {"what": "无主"}], atomic=False
        )
        assert [o.status for o in done.created] == ["created", "failed"]
        door.delete("bill_line", row.id)
        assert door.get("bill", bill.id).values["total"] == Decimal("1.00")
        assert [e.verb for e in door.history("bill", bill.id)] == ["update", "update", "update", "update", "create"]


def test_a_row_does_not_change_its_record(bills: Any) -> None:
    with bills.as_("boss") as door:
        one, two = (door.create("bill", {"name": n, "lines": [{"what": "笔"}]}) for n in "甲乙")
        with pytest.raises(ValidationFailed):
            door.update("bill_line", one.values["lines"][0].id, {"bill": two.id})


def test_rights_on_rows_narrow_those_of_the_record(bills: Any) -> None:
    with bills.as_("boss") as door:
        bill = door.create("bill", {"name": "甲", "lines": [{"what": "笔", "price": 2}]})
    with bills.as_("packer", write=False) as door:
        line = door.get("bill", bill.id).values["lines"][0]
        assert line.values["what"] == "笔" and "price" not in line.values and "amount" not in line.values
        assert "price" not in door.list("bill_line").records[0].values


def test_a_declared_check_refuses_with_its_sentence(bills: Any) -> None:
    with bills.as_("boss") as door:
        bill = door.create("bill", {"name": "甲"})
        door.update("bill", bill.id, {"closed": True})
        with pytest.raises(ValidationFailed) as fault:
            door.update("bill", bill.id, {"name": "乙"})
        assert str(fault.value.errors[""][0]) == "账单 甲 已关闭" or str(fault.value.errors[""][0]) == "账单 乙 已关闭"


def test_a_row_of_a_record_one_may_not_see_is_not_there(company: Any) -> None:
    with company.as_("boss") as door:
        firm, pen = door.create("firm", {"name": "甲"}).id, door.create("product", {"name": "笔"}).id
        row = door.create("deal", {"firm": firm, "lines": [{"product": pen}]}).values["lines"][0]
    with company.as_("ann") as door:
        for act in (lambda: door.get("deal_lines", row.id), lambda: door.update("deal_lines", row.id, {"quantity": 2})):
            with pytest.raises(RecordNotFound):
                act()

"""Figures of owned rows that other records move: the owner's sums move with them, shares are dealt out once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import ValidationFailed
from yuanke.storage import Installation

from tests.records.conftest import Company

PARCELS = """
module: parcels
label: 交付
version: 1.0.0
roles: {boss: {label: 老板}}
entities:
  firm:
    label: 客户
    fields: {name: text!, waiting: {type: quantity, formula: sum(bills.open)}}
    permissions: {boss: {read: all, create: true}}
  bill:
    label: 账单
    fields:
      firm: {link: firm!, inverse: bills}
      name: text!
      reduction: {type: money, default: 0}
      mode: {default: taxed, options: {taxed: 含税, free: 无税}}
      lines: {rows: bill_line, label: 明细}
      open: {type: quantity, formula: sum(lines.open)}
      sent: {formula: all if open == 0 else part, options: {all: 全部, part: 部分}}
    permissions: {boss: {read: all, create: true, update: all}}
  bill_line:
    label: 账单明细
    title: what
    fields:
      what: text!
      quantity: quantity!
      share: {type: money, formula: "spread(record.reduction, quantity)"}
      tax: {type: money, formula: quantity * 13 / 100 if record.mode == taxed else 0}
      gone: {type: quantity, formula: sum(parcels.quantity), valid_when: gone <= quantity, message: "只剩 {open}"}
      open: {type: quantity, formula: quantity - gone}
    permissions: {boss: {read: all}}
  parcel:
    label: 包裹
    fields: {bill_line: {link: bill_line!, inverse: parcels}, quantity: quantity!}
    permissions: {boss: {read: all, create: true, update: all, delete: all}}
"""


@pytest.fixture
def parcels(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(PARCELS), {"boss": ["boss"]})


def test_an_owners_sum_over_a_roll_up_of_its_rows_moves_with_it_and_so_does_what_stands_above(parcels: Any) -> None:
    with parcels.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        lines = [{"what": "笔", "quantity": 3}, {"what": "纸", "quantity": 1}]
        bill = door.create("bill", {"firm": firm, "name": "一", "reduction": "10", "lines": lines})
        pen, paper = (row.id for row in bill.values["lines"])
        first = door.create("parcel", {"bill_line": pen, "quantity": 2})
        seen = door.get("bill", bill.id)
        assert (seen.values["open"], seen.values["sent"], seen.version) == (Decimal(2), "part", 1)
        assert door.get("firm", firm).values["waiting"] == Decimal(2)
        door.create("parcel", {"bill_line": pen, "quantity": 1})
        door.create("parcel", {"bill_line": paper, "quantity": 1})
        assert door.get("bill", bill.id).values["sent"] == "all"
        door.delete("parcel", first.id)
        assert door.get("firm", firm).values["waiting"] == Decimal(2)
        shares = [row.values["share"] for row in door.get("bill", bill.id).values["lines"]]
        assert shares == [Decimal("7.50"), Decimal("2.50")], "a moved figure deals nothing out anew"
        taxes = [row.values["tax"] for row in door.get("bill", bill.id).values["lines"]]
        assert taxes == [Decimal("0.39"), Decimal("0.13")], "a moved row still reads its document"


def test_more_than_the_row_has_left_is_refused(parcels: Any) -> None:
    with parcels.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        bill = door.create("bill", {"firm": firm, "name": "一", "lines": [{"what": "笔", "quantity": 3}]})
    with parcels.as_("boss") as door, pytest.raises(ValidationFailed):
        door.create("parcel", {"bill_line": bill.values["lines"][0].id, "quantity": 4})
    with parcels.as_("boss", write=False) as door:
        assert door.get("bill", bill.id).values["open"] == Decimal(3)

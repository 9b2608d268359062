"""Links of owned rows to many records: pieces on a line of a delivery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import ValidationFailed
from yuanke.records import Record
from yuanke.storage import Installation

from tests.records.conftest import Company

PIECES = """
module: pieces
label: 件
version: 1.0.0
roles: {boss: {label: 老板}, packer: {label: 库管}}
entities:
  piece:
    label: 件
    fields: {sn: {type: text!, unique: true}, kind: text}
    permissions: {boss: {read: all, create: true}, packer: {read: all}}
  delivery:
    label: 发货
    fields:
      name: text!
      lines:
        label: 明细
        rows:
          kind: text!
          quantity: {type: integer, default: 1}
          pieces: {links: piece, label: 序列号, filter: kind == row.kind}
    checks:
      counted: {valid_when: "not exists(lines[count(pieces) > quantity])", message: 件数多于数量}
    permissions:
      boss: {read: all, create: true, update: all}
      packer: {read: all}
"""


@pytest.fixture
def company(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(PIECES), {"boss": ["boss"], "packer": ["packer"]})


def pieces_of(record: Record) -> list[list[str]]:
    return [[piece.title for piece in line.values["pieces"]] for line in record.values["lines"]]


def test_a_row_keeps_the_records_it_links_to(company: Any) -> None:
    with company.as_("boss") as door:
        ids = [door.create("piece", {"sn": f"SN-{n}", "kind": "打印机"}).id for n in range(3)]
        lines = [{"kind": "打印机", "quantity": 2, "pieces": ids[:2]}, {"kind": "打印机"}]
        made = door.create("delivery", {"name": "一", "lines": lines})
        assert pieces_of(made) == [["SN-0", "SN-1"], []]
        first = made.values["lines"][0].id
        changed = door.update(
            "delivery", made.id, {"lines": [{"id": first, "pieces": {"remove": [ids[0]], "add": [ids[2]]}}]}
        )
        assert pieces_of(changed) == [["SN-1", "SN-2"], []]
        was, became = door.history("delivery", made.id)[0].changes["lines"][1][0]["changes"]["pieces"]
        assert [[piece.title for piece in pieces] for pieces in (was, became)] == [["SN-0", "SN-1"], ["SN-1", "SN-2"]]
    with company.as_("packer") as door:
        assert pieces_of(door.get("delivery", made.id)) == [["SN-1", "SN-2"], []]


def test_rules_of_the_document_count_what_rows_link_to(company: Any) -> None:
    with company.as_("boss") as door:
        ids = [door.create("piece", {"sn": f"SN-{n}", "kind": "打印机"}).id for n in range(2)]
        with pytest.raises(ValidationFailed) as found:
            door.create("delivery", {"name": "一", "lines": [{"kind": "打印机", "pieces": ids}]})
        assert [said.say() for said in found.value.errors[""]] == ["件数多于数量"]
        other = door.create("piece", {"sn": "SN-9", "kind": "扫描仪"}).id
        with pytest.raises(ValidationFailed) as found:
            door.create("delivery", {"name": "一", "lines": [{"kind": "打印机", "pieces": [other]}]})
        assert list(found.value.errors) == ["lines.0.pieces"]

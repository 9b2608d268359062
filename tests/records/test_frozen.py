"""Formulas that are live until something is done and stand still from then on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from yuanke.access.fields import may_be_written
from yuanke.kernel.actor import Actor
from yuanke.records import Query, Records

TEAM = """
module: team
label: 团队
version: 1.0.0
entities:
  deed:
    label: 行动
    fields: {name: text!, who: text!, worth: {type: money, default: 0}}
    permissions: {everyone: {read: all}}
  report:
    label: 日报
    fields:
      who: text!
      sent: bool
      note: text
      deeds: {type: integer, formula: "count(deed[who == this.who])", frozen_when: sent}
      worth: {type: money, formula: "sum(deed[who == this.who].worth)", frozen_when: sent}
      twice: {type: money, formula: worth * 2}
    permissions: {everyone: {read: all}}
"""


@pytest.fixture
def door(enterprise, writing):
    at = enterprise(TEAM)
    with writing(at) as unit:
        yield Records(unit, Actor(at.slug, None, username="command", door="command", engine=True))


def deed(door: Records, who: str = "ann", worth: str = "1.50") -> None:
    door.create("deed", {"name": "x", "who": who, "worth": worth})


def figures(door: Records, record: int) -> tuple[Any, ...]:
    values = door.get("report", record).values
    return values["deeds"], values["worth"], values["twice"]


def test_the_figure_is_live_until_it_is_frozen_and_then_stands(door):
    report = door.create("report", {"who": "ann"}).id
    deed(door)
    deed(door, "bob")
    assert figures(door, report) == (1, Decimal("1.50"), Decimal("3.00"))
    door.update("report", report, {"sent": True})
    deed(door)
    assert figures(door, report) == (1, Decimal("1.50"), Decimal("3.00"))
    door.update("report", report, {"note": "晚"})
    assert figures(door, report) == (1, Decimal("1.50"), Decimal("3.00"))
    (listed,) = door.list("report", Query(filter="deeds == 1", fields=("deeds",))).records
    assert listed.values["deeds"] == 1
    assert door.list("report", Query(filter="deeds == 2")).records == []


def test_what_is_thawed_is_live_again_and_may_be_frozen_anew(door):
    report = door.create("report", {"who": "ann", "sent": True}).id
    deed(door)
    assert figures(door, report)[0] == 0
    door.update("report", report, {"sent": False})
    assert figures(door, report)[0] == 1
    deed(door)
    door.update("report", report, {"sent": True})
    deed(door)
    assert figures(door, report) == (2, Decimal("3.00"), Decimal("6.00"))


def test_the_save_that_freezes_counts_what_it_changes_itself(door):
    deed(door, "bob", "7")
    report = door.create("report", {"who": "ann"}).id
    door.update("report", report, {"who": "bob", "sent": True})
    deed(door, "bob")
    assert figures(door, report) == (1, Decimal("7.00"), Decimal("14.00"))


def test_nobody_types_a_frozen_figure(door):
    assert not may_be_written(door.entity("report").fields["deeds"])

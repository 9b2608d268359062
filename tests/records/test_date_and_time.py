"""A date and a time of day together are an instant on the enterprise's wall clock, in Python as in the database."""

from __future__ import annotations

from datetime import date, datetime, timezone

from yuanke.kernel.actor import Actor
from yuanke.records import Query, Records

RULES = """
module: rules
label: 规则
version: 1.0.0
entities:
  rule:
    label: 规则
    fields: {name: text!, clock: time}
    permissions: {everyone: {read: all}}
  report:
    label: 报告
    fields:
      name: text!
      rule: {link: rule!}
      day: date!
      clock: time
      due: {type: datetime, formula: day + clock}
      last: {type: datetime, formula: day + days(1) + rule.clock}
    permissions: {everyone: {read: all}}
"""


def test_a_date_and_a_time_of_day_make_an_instant(enterprise, writing):
    at = enterprise(RULES)
    with writing(at) as unit:
        door = Records(unit, Actor(at.slug, None, username="command", door="command", engine=True))
        rule = door.create("rule", {"name": "日报", "clock": "18:30"})
        door.create("report", {"name": "今天", "rule": rule.id, "day": "2026-03-05", "clock": "00:15"})
        door.create("report", {"name": "没有时间", "rule": rule.id, "day": date(2026, 3, 31)})
        found = door.list("report", Query(filter="last > '2026-03-01'", fields=("name", "due", "last"), sort=("id",)))
    today, without = [record.values for record in found.records]
    assert today["due"] == datetime(2026, 3, 4, 16, 15, tzinfo=timezone.utc)
    assert today["last"] == datetime(2026, 3, 6, 10, 30, tzinfo=timezone.utc)
    assert without["due"] is None
    assert without["last"] == datetime(2026, 4, 1, 10, 30, tzinfo=timezone.utc)

"""Tasks, projects and reports: what is done is written down, counted and reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records

D = Decimal
Doors = Callable[[str], Records]
SHANGHAI = ZoneInfo("Asia/Shanghai")
THURSDAY = date(2026, 3, 5)


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    """Sales answers to the manager."""
    staff = standing_staff("collaboration")
    with staff.working() as opened:
        opened("admin").update("user", staff.ids["sales"], {"manager": staff.ids["sales_manager"]})
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def customer(doors: Doors) -> int:
    return doors("sales").create("customer", {"name": "上海蓝天科技有限公司"}).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("collaboration").working() as doors:
        things = {
            ("sales", "task"): ({"subject": "打电话"}, {"priority": "high"}),
            ("sales", "project"): ({"subject": "实验室"}, {"phase": "design"}),
            ("repair", "work_report"): ({}, {"done": "修好三台"}),
            ("sales_manager", "report_rule"): ({"name": "日报"}, {"late_until": 5}),
        }
        for (role, entity), (values, changes) in things.items():
            record = doors(role).create(entity, values).id
            (changed,) = changes.items()
            assert doors(role).update(entity, record, changes).values[changed[0]] == changed[1]
            keeper = "boss" if entity == "project" else role
            doors(keeper).delete(entity, record)


def test_finishing_a_task_moves_the_deal_and_plans_the_next_one(doors, customer):
    sales = doors("sales")
    deal = {"name": "ERP", "customer": customer, "expect_amount": 1, "expect_sign_on": clock.today(), "need": "x"}
    deal = sales.create("opportunity", deal).id
    again = clock.now() + timedelta(days=3)
    task = sales.create("task", {"subject": "演示", "type": "visit", "customer": customer, "opportunity": deal}).id
    done = act(sales, "task", task, "finish", result="useful", next_action_at=again, advance_to="design")
    assert (done["status"], done["result"]) == ("done", "useful")
    assert abs(done["done_at"] - clock.now()) < timedelta(minutes=1)
    (following,) = sales.list("task", Query(filter="status == planned")).records
    following = sales.get("task", following.id).values
    assert (following["customer"].id, following["opportunity"].id, following["parent"].id) == (customer, deal, task)
    assert following["start_at"] == again.replace(microsecond=again.microsecond // 1000 * 1000)
    assert sales.get("opportunity", deal).values["stage"] == "design"
    told = sales.get("customer", customer).values
    assert told["last_follow_at"] == done["done_at"]
    assert told["next_follow_at"] == following["start_at"]


def test_a_record_of_what_was_done_is_done(doors, customer):
    sales, yesterday = doors("sales"), clock.now() - timedelta(days=1)
    with pytest.raises(ValidationFailed):
        sales.create("task", {"kind": "record", "subject": "拜访", "customer": customer})
    values = {"kind": "record", "subject": "拜访", "customer": customer, "content": "谈了需求", "start_at": yesterday}
    made = sales.create("task", values).values
    assert made["status"] == "done"
    assert sales.get("customer", customer).values["last_follow_at"] == made["start_at"]


def test_what_was_done_and_is_written_down_twice_is_suspected(doors, customer):
    import sqlalchemy as sa
    from yuanke.records.duplicates.groups import duplicate_groups
    from yuanke.records.duplicates.kept import NORMAL
    from yuanke.records.duplicates.likeness import pairs_alike, similar_fields

    sales = doors("sales")

    def done(content: str) -> int:
        values = {"kind": "record", "subject": "拜访", "customer": customer, "content": content}
        return sales.create("task", values).id

    first = done("今天拜访了客户，介绍了新产品，客户对价格有顾虑，下周再谈")
    again = done("今天拜访了客户，介绍了新产品，客户对价格有顾虑，下周再谈")
    near = done("今天拜访了客户，介绍了新产品，客户对价格没有顾虑，下周再谈合同")
    done("电话里约了三月的培训")
    entity = sales.entity("task")
    assert [group.ids for group in duplicate_groups(sales.unit, sales.actor, entity)] == [(first, again)]
    forms = sa.select(NORMAL.c.record, NORMAL.c.form).where(NORMAL.c.entity == "task", NORMAL.c.field == "content")
    held = {row.record: row.form for row in sales.unit.execute(forms)}
    over = similar_fields(entity, ["content"])["content"]
    assert over == 70 and {(a, b) for a, b, _score in pairs_alike(held, over)} == {(first, near), (again, near)}


def test_a_task_is_seen_by_who_does_it_and_by_the_manager(doors, standing_staff):
    ids = standing_staff("collaboration").ids
    task = doors("sales").create("task", {"subject": "装机", "assignees": [ids["repair"]]}).id
    assert act(doors("repair"), "task", task, "begin")["status"] == "doing"
    assert doors("sales_manager").get("task", task)
    with pytest.raises(RecordNotFound):
        doors("warehouse").get("task", task)


def test_a_task_belongs_to_a_deal_or_a_project_not_to_both(doors, customer):
    sales = doors("sales")
    deal = {"name": "ERP", "customer": customer, "expect_amount": 1, "expect_sign_on": clock.today()}
    both = {
        "subject": "x",
        "customer": customer,
        "opportunity": sales.create("opportunity", deal).id,
        "project": sales.create("project", {"subject": "实验室"}).id,
    }
    with pytest.raises(ValidationFailed) as found:
        sales.create("task", both)
    assert list(found.value.errors) == ["project"]


# -- reports (story B22) ---------------------------------------------------------------------------------------------


def day_of_work(sales: Records) -> None:
    """2026-03-05: two new customers, six activities of which three were visits, a deal, an order."""
    with clock.stopped(at(THURSDAY, 9)):
        customers = [sales.create("customer", {"name": name}).id for name in ("蓝天", "华信")]
    for hour, kind in enumerate(["visit", "visit", "visit", "call", "call", "mail"], 10):
        with clock.stopped(at(THURSDAY, hour)):
            task = sales.create("task", {"subject": kind, "type": kind, "customer": customers[0]}).id
            act(sales, "task", task, "finish")
    with clock.stopped(at(THURSDAY, 17)):
        deal = {"name": "ERP", "customer": customers[0], "expect_amount": 120000, "expect_sign_on": date(2026, 4, 1)}
        sales.create("opportunity", deal)


def report(sales: Records, rule: int) -> int:
    with clock.stopped(at(THURSDAY, 18, 20)):
        return sales.create("work_report", {"rule": rule, "done": "拜访三家", "plan": "报价"}).id


@pytest.fixture
def rule(doors: Doors) -> int:
    return doors("sales_manager").create("report_rule", {"name": "销售日报", "deadline": "18:30", "late_until": 3}).id


def test_a_daily_report_counts_the_day_and_keeps_its_figures(doors, rule):
    sales = doors("sales")
    day_of_work(sales)
    made = report(sales, rule)
    counted = sales.get("work_report", made).values
    assert (counted["period_start"], counted["period_end"]) == (THURSDAY, THURSDAY)
    figures = ("new_customers", "done_tasks", "visits", "new_opportunities", "opportunity_amount")
    assert [counted[name] for name in figures] == [2, 6, 3, 1, D(120000)]
    with clock.stopped(at(THURSDAY, 18, 25)):
        sent = act(sales, "work_report", made, "submit")
    assert (sent["status"], sent["on_time"]) == ("submitted", "on_time")
    late = {"kind": "record", "subject": "补记", "content": "电话", "start_at": at(THURSDAY, 16)}
    sales.create("task", late)
    kept = sales.get("work_report", made).values
    assert (kept["done_tasks"], kept["done_tasks_now"]) == (6, 7)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (at(THURSDAY, 18, 30), "on_time"),
        (at(THURSDAY, 18, 31), "late"),
        (at(date(2026, 3, 6), 9), "made_up"),
        (at(date(2026, 3, 8), 23, 59), "made_up"),
        (at(date(2026, 3, 9), 0), None),
    ],
)
def test_a_report_is_in_time_late_made_up_or_refused(doors, rule, moment, told):
    sales = doors("sales")
    made = report(sales, rule)
    with clock.stopped(moment):
        if told is None:
            with pytest.raises(Refused, match="补交期限"):
                act(sales, "work_report", made, "submit")
        else:
            assert act(sales, "work_report", made, "submit")["on_time"] == told


def test_there_is_one_report_a_person_kind_and_period(doors, rule):
    report(doors("sales"), rule)
    with pytest.raises(ValidationFailed):
        report(doors("sales"), rule)


def test_the_manager_reviews_and_what_is_handed_in_is_not_changed(doors, rule):
    sales, manager = doors("sales"), doors("sales_manager")
    made = report(sales, rule)
    with clock.stopped(at(THURSDAY, 18, 25)):
        handed_in_and_reviewed(sales, manager, made)


def handed_in_and_reviewed(sales: Records, manager: Records, made: int) -> None:
    act(sales, "work_report", made, "submit")
    with pytest.raises(ValidationFailed):
        sales.update("work_report", made, {"done": "改了"})
    with pytest.raises((AccessDenied, RecordNotFound)):
        act(sales, "work_report", made, "review", comment="很好")
    assert act(manager, "work_report", made, "send_back", comment="写详细些")["status"] == "returned"
    sales.update("work_report", made, {"done": "拜访蓝天、华信、中医药所"})
    act(sales, "work_report", made, "submit")
    reviewed = act(manager, "work_report", made, "review", comment="很好", stars=5)
    assert (reviewed["status"], reviewed["review"], reviewed["review_score"]) == ("reviewed", "很好", 5)
    assert reviewed["reviewed_by"].id == manager.actor.user_id


def test_a_task_of_a_reported_day_is_reopened_by_a_manager_alone(doors, rule):
    sales, manager = doors("sales"), doors("sales_manager")
    with clock.stopped(at(THURSDAY, 10)):
        task = sales.create("task", {"subject": "电话"}).id
        act(sales, "task", task, "finish")
    made = report(sales, rule)
    with clock.stopped(at(THURSDAY, 18, 25)):
        act(sales, "work_report", made, "submit")
        with pytest.raises(Refused, match="日报"):
            act(sales, "task", task, "reopen")
    assert act(manager, "task", task, "reopen")["status"] == "doing"


def test_periods_of_weekly_and_monthly_reports(doors):
    with clock.stopped(at(THURSDAY, 10)):
        week = doors("sales").create("work_report", {"kind": "weekly"}).values
        month = doors("sales").create("work_report", {"kind": "monthly"}).values
    assert (week["period_start"], week["period_end"]) == (date(2026, 3, 2), date(2026, 3, 8))
    assert (month["period_start"], month["period_end"]) == (date(2026, 3, 1), date(2026, 3, 31))


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    assert doors("boss").get("task", made["task", "met_chen"]).values["status"] == "done"
    assert doors("boss").get("work_report", made["work_report", "yesterday"]).values["on_time"]

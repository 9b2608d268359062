"""Stories of pool, transfer, import and life cycle on the real modules, with the work that runs behind the commit.

B02 (a lead goes back), B19 (what the log says, what is undone), B20 (missed days), B23 (the pool takes back), B32
(import with duplicates), B42 (life cycle). The figures within one transaction stand in the tests of the modules.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from yuanke import jobs
from yuanke.access.sessions import actor_of
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.messages.inbox import messages_of
from yuanke.messages.reminders import reminders_of
from yuanke.records import Query, Records
from yuanke.records.undoing import undo
from yuanke.workflow import perform

from tests.modules.deals import brought

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def dialect() -> str:
    return "sqlite"


class Firm:
    """An enterprise whose clock is set; what runs behind a commit has run when a step is over."""

    def __init__(self, staff: Any) -> None:
        self.staff, self.ids = staff, staff.ids

    def at(self, moment: datetime, do: Callable[[Doors], Any] = lambda doors: None) -> Any:
        """``do`` at this moment, and all that is due by then."""
        with clock.stopped(moment):
            with self.staff.working(keep=True) as opened:
                unit = opened("admin").unit
                made = do(lambda role: Records(unit, actor_of(unit, self.ids[role], "api")))
            jobs.run_pending(self.staff.installation, self.staff.at, 10_000)
        return made

    def told(self, role: str) -> list[str]:
        with self.staff.installation.unit(self.staff.at) as unit:
            return [one.text for one in messages_of(unit, actor_of(unit, self.ids[role], "api"))]


@pytest.fixture
def firm(staff: Callable[..., Any]) -> Callable[..., Firm]:
    return lambda *modules: Firm(staff(*modules))


def local(day: str, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo("Asia/Shanghai")) + timedelta(
        hours=hour, minutes=minute
    )


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def read(role: str, entity: str, record: int) -> Callable[[Doors], dict[str, Any]]:
    return lambda doors: dict(doors(role).get(entity, record).values)


# -- B02 -------------------------------------------------------------------------------------------------------------


def test_a_lead_nobody_touches_goes_back_to_the_pool_after_a_day(firm):
    company = firm("lead")
    ids = company.ids

    def begin(doors: Doors) -> int:
        doors("admin").update("user", ids["sales"], {"manager": ids["sales_manager"]})
        turns = {"name": "轮流", "members": [{"person": ids["sales"]}, {"person": ids["service"]}]}
        doors("marketing").create("lead_assign_rule", turns)
        sent = {"contact_name": "王强", "mobile": "13800138000", "company_name": "上海蓝天科技有限公司"}
        return doors("marketing").create("lead", {**sent, "source": "website"}).id

    lead = company.at(local("2026-03-02", 9), begin)
    given = company.at(local("2026-03-03", 8, 59), read("boss", "lead", lead))
    assert (given["number"], given["owner"].id, given["status"]) == ("XS202603020001", ids["sales"], "waiting")
    company.at(local("2026-03-03", 9))
    back = company.at(local("2026-03-03", 9), read("boss", "lead", lead))
    assert (back["owner"], back["status"]) == (None, "waiting")
    for role in ("sales", "sales_manager"):
        assert any("已回到线索池" in text for text in company.told(role)), role

    def followed(doors: Doors) -> None:
        act(doors("sales"), "lead", lead, "claim")
        doors("sales").create("task", {"subject": "电话", "lead": lead})

    company.at(local("2026-03-04", 9), followed)
    kept = company.at(local("2026-03-07", 9), read("boss", "lead", lead))
    assert (kept["owner"].id, kept["status"], kept["follow_count"]) == (ids["sales"], "following", 1)


# -- B19 -------------------------------------------------------------------------------------------------------------


def test_a_transfer_is_logged_with_what_went_along_and_undone_where_nobody_worked_on(firm):
    company = firm("assignment")
    ids = company.ids

    def begin(doors: Doors) -> list[int]:
        sales = doors("sales")
        made = [sales.create("customer", {"name": name}).id for name in ("K1", "K2", "K3")]
        for customer, names in zip(made, (("王", "李"), ("赵",), ()), strict=True):
            for name in names:
                sales.create("contact", {"name": name, "customer": customer})
        sales.create("task", {"subject": "待办", "customer": made[0]})
        deal = {"name": "跟踪", "customer": made[0], "expect_amount": 1, "expect_sign_on": clock.today()}
        sales.create("opportunity", deal)
        category = doors("admin").create("product_category", {"name": "软件", "code": "SW"}).id
        goods = {"code": "ERP", "name": "ERP", "category": category, "list_price": "300"}
        line = {"product": doors("admin").create("product", goods).id, "quantity": 1, "price": "300", "tax_rate": 0}
        old = brought(sales, "order", {"customer": made[0], "status": "finished", "lines": [line]}).id
        for amount in ("100", "200"):
            plan = {"customer": made[0], "order": old, "amount": amount, "fixed_on": clock.today()}
            brought(sales, "receivable_plan", plan)
        doors("boss").update("customer", made[2], {"sealed": True})
        return made

    def move(doors: Doors) -> int:
        batch = {"customers": made, "to_user": ids["service"], "reason": "leaving"}
        batch["include"] = ["contacts", "anniversaries", "tasks", "opportunities", "receivable_plans"]
        boss = doors("boss")
        done = act(boss, "transfer_batch", boss.create("transfer_batch", batch).id, "execute")
        return done["ok_count"], done["fail_count"]

    made = company.at(local("2026-03-02"), begin)
    assert company.at(local("2026-03-02", 11), move) == (2, 1)

    def logs(doors: Doors) -> dict[int, Any]:
        asked = Query(filter="kind == transfer", fields=("customer", "moved_counts", "batch", "undone"))
        return {one.values["customer"].id: one.values for one in doors("boss").list("transfer_log", asked).records}

    written = company.at(local("2026-03-02", 12), logs)
    assert set(written) == set(made[:2])
    counts = {one: {k: v for k, v in written[one]["moved_counts"].items() if k != "from"} for one in written}
    assert counts[made[0]] == {"contacts": 2, "tasks": 1, "opportunities": 1, "receivable_plans": 2}
    assert counts[made[1]] == {"contacts": 1}

    def back(doors: Doors) -> list[int]:
        boss = doors("boss")
        boss.update("customer", made[0], {"remark": "接手后改过"})
        sets = sorted({one["batch"].id for one in written.values()})
        return [left.id for one in sets for left in undo(boss.unit, boss.actor, one).left]

    assert made[0] in company.at(local("2026-03-03"), back)
    owners = company.at(
        local("2026-03-03"), lambda doors: [doors("boss").get("customer", one).values["owner"].id for one in made]
    )
    assert owners == [ids["service"], ids["sales"], ids["sales"]]


# -- B20 -------------------------------------------------------------------------------------------------------------


def test_reminders_missed_while_nothing_ran_come_once(firm):
    company = firm("service")

    def begin(doors: Doors) -> int:
        sales = doors("sales")
        customer = sales.create("customer", {"name": "蓝天"}).id
        for day in (4, 5, 6):
            sales.create("anniversary", {"customer": customer, "month": 3, "day": day, "advance_days": 3})
        return customer

    company.at(local("2026-02-20"), begin)
    with clock.stopped(local("2026-03-04")):
        jobs.run_pending(company.staff.installation, company.staff.at, 10_000)
        with company.staff.installation.unit(company.staff.at) as unit:
            lines = reminders_of(unit, actor_of(unit, company.ids["sales"], "api"))
        assert len(lines) == 3
        jobs.run_pending(company.staff.installation, company.staff.at, 10_000)
        with company.staff.installation.unit(company.staff.at) as unit:
            assert len(reminders_of(unit, actor_of(unit, company.ids["sales"], "api"))) == 3


# -- B23 -------------------------------------------------------------------------------------------------------------


def test_the_pool_warns_and_takes_back_by_itself(firm):
    company = firm("assignment")
    ids = company.ids

    def begin(doors: Doors) -> int:
        admin = doors("admin")
        place = admin.create("department", {"name": "销售部", "head": ids["sales_manager"]}).id
        admin.update("user", ids["sales"], {"department": place})
        rule = {"limit_days": 30, "remind_days": 3}
        admin.create("customer_pool", {"name": "华东公海", "departments": [place], "rules": [rule]})

    company.at(local("2026-05-01", 9), begin)

    def follow(doors: Doors) -> int:
        made = doors("sales").create("customer", {"name": "蓝天"}).id
        act(doors("sales"), "task", doors("sales").create("task", {"subject": "电话", "customer": made}).id, "finish")
        return made

    customer = company.at(local("2026-05-01"), follow)
    company.at(local("2026-05-27", 23))
    assert not any("回收到公海" in text for text in company.told("sales"))
    company.at(local("2026-05-28", 9))
    assert any("2026-06-01" in text for text in company.told("sales"))
    owned = company.at(local("2026-05-31", 23), read("boss", "customer", customer))
    assert owned["owner"].id == ids["sales"]
    company.at(local("2026-06-01", 1))
    back = company.at(local("2026-06-01", 2), read("boss", "customer", customer))
    assert (back["owner"], back["pool"].title) == (None, "华东公海")
    events = company.at(
        local("2026-06-01", 2),
        lambda doors: [r.values["kind"] for r in doors("boss").list("pool_event", Query(fields=("kind",))).records],
    )
    assert events == ["recycled"]


# -- B32 -------------------------------------------------------------------------------------------------------------

HEAD = ["名称", "电话", "行业", "下次跟进", "备注"]
SIX = [
    ["杭州全新贸易有限公司", "", "批发贸易", "", "新的"],
    ["上海蓝天（科技）有限公司", "", "", "", "同名"],
    ["写法不同", "021-68881234", "", "", "同号"],
    ["行业不明", "", "炼金术", "", "坏的"],
    ["日期不对", "", "", "2026/2/30", "坏的"],
    ["杭州 全新贸易有限公司", "", "", "", "重复的"],
]


def test_an_import_finds_what_is_there_tries_first_and_is_taken_back(firm):
    from yuanke.exchange import kinds
    from yuanke.exchange.mapping import from_plain

    company = firm("customer")
    installation, at = company.staff.installation, company.staff.at

    def begin(doors: Doors) -> list[int]:
        boss = doors("boss")
        named = boss.create(
            "customer", {"name": "上海 蓝天(科技)有限公司", "remark": "旧一", "industry": "software"}
        ).id
        return [named, boss.create("customer", {"name": "电话相同", "tel": "021-68881234", "remark": "旧二"}).id]

    named, phoned = company.at(clock.now(), begin)

    def bring(dry: bool) -> Any:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([HEAD, *SIX])
        with installation.unit(at, write=True) as unit:
            file = unit.files.put(io.BytesIO(text.getvalue().encode()), "k.csv", company.ids["boss"], largest=1 << 20)
            columns = dict(zip(("name", "tel", "industry", "next_follow_at", "remark"), HEAD, strict=True))
            mapping = from_plain({"entity": "customer", "columns": columns, "file": "k.csv", "key": "@duplicates"})
            job = kinds.start_import(unit, actor_of(unit, company.ids["boss"], "api"), mapping, {"k.csv": file.id}, dry)
        jobs.run_pending(installation, at)
        with installation.unit(at) as unit:
            done = jobs.find(unit, Actor(at.slug, None, engine=True), job)
        assert done.state == "done", done.error
        return done.result

    def standing() -> list[Any]:
        with company.staff.working() as doors:
            found = doors("boss").list("customer", Query(fields=("name", "remark", "industry"), limit=50)).records
            return sorted((r.id, r.values["remark"], r.values["industry"]) for r in found)

    before = standing()
    tried = bring(True)
    assert [tried[key] for key in ("created", "updated", "failed")] == [1, 3, 2]
    assert standing() == before
    done = bring(False)
    assert [done[key] for key in ("created", "updated", "failed")] == [1, 3, 2]
    remarks = {one: (remark, industry) for one, remark, industry in standing()}
    assert remarks.pop(named) == ("同名", "software")  # an empty cell clears nothing
    assert remarks.pop(phoned) == ("同号", None)
    assert list(remarks.values()) == [("重复的", "wholesale")]
    with company.staff.working(keep=True) as doors:
        undo(doors("boss").unit, doors("boss").actor, done["change_set"])
    assert standing() == before


# -- B42 -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Any:
    with standing_staff("assignment", "expense").working() as opened:
        yield opened


def test_the_life_of_a_customer_follows_its_orders(doors):
    boss = doors("boss")
    category = doors("admin").create("product_category", {"name": "软件", "code": "SW"}).id
    product = doors("admin").create("product", {"code": "ERP", "name": "ERP", "category": category, "list_price": 1}).id

    def order(customer: int, day: str, amount: str, status: str = "running") -> int:
        line = {"product": product, "quantity": 2, "price": D(amount) / 2, "tax_rate": 0}
        values = {"customer": customer, "sign_on": date.fromisoformat(day), "status": status, "lines": [line]}
        return brought(boss, "order", values).id

    def rfm(customer: int) -> list[Any]:
        values = boss.get("customer", customer).values
        return [values[key] for key in ("days_since_order", "valid_orders", "deal_amount", "life")]

    with clock.stopped(local("2025-05-31")):
        k1, k2, k3, k4 = (boss.create("customer", {"name": f"K{n}"}).id for n in range(1, 5))
        order(k4, "2025-05-31", "500")
        assert rfm(k4)[3] == "signed"
    with clock.stopped(local("2026-06-30")):
        for day, amount in (("2026-06-01", "10000"), ("2026-03-01", "8000"), ("2025-12-01", "2000")):
            order(k1, day, amount)
        only = order(k2, "2026-06-29", "1000")
        order(k3, "2026-06-01", "700", "aborted")
        assert rfm(k1) == [29, 3, D(20000), "repeat"]
        assert rfm(k2)[:2] == [1, 1] and rfm(k2)[3] == "signed"
        assert rfm(k3) == [None, 0, D(0), "potential"]
        row = boss.get("order", only).values["lines"][0].id
        goods = {"order": only, "order_item": row, "quantity": 2, "delivered_on": clock.today()}
        brought(boss, "delivery_record", goods)
        for returned, orders, life in ((1, 1, "signed"), (1, 0, "potential")):  # a part comes back, then the rest
            lines = [{"order_item": row, "quantity": returned}]
            back = {"order": only, "customer": k2, "kind": "money", "reason": "quality", "lines": lines}
            brought(boss, "order_return", {**back, "status": "running"})
            assert (rfm(k2)[1], rfm(k2)[3]) == (orders, life)
    with clock.stopped(local("2026-05-31")):
        refreshed(boss, k4)
        assert rfm(k4)[3] == "signed"
    with clock.stopped(local("2026-06-01")):
        refreshed(boss, k4)
        assert rfm(k4)[3] == "lapsed"
    with clock.stopped(local("2026-07-02")):
        order(k4, "2026-07-02", "500")
        assert rfm(k4)[3] == "repeat"


def refreshed(boss: Records, customer: int) -> None:
    """As the job of each night does."""
    from yuanke.records import filling

    filling.recompute(boss.unit, boss.entity("customer"), [customer])

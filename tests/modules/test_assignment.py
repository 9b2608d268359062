"""The pool, transfers and merges of customers, with the figures of stories B18, B19 and B23."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from yuanke.access.sessions import actor_of
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records

from tests.modules.deals import brought

D = Decimal
Doors = Callable[[str], Records]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    """Sales and their manager are in one department, whose pool has a rule for each level."""
    staff = standing_staff("assignment", "expense")
    with staff.working() as opened:
        admin, ids = opened("admin"), staff.ids
        place = admin.create("department", {"name": "销售部", "head": ids["sales_manager"]}).id
        for role in ("sales", "sales_manager", "service"):
            admin.update(
                "user", ids[role], {"department": place, "manager": ids["sales_manager"] if role == "sales" else None}
            )
        rules = [{"level": level, "limit_days": days, "priority": n} for n, (level, days) in enumerate(LEVELS.items())]
        pool = {"name": "华东公海", "departments": [place], "claim_daily": 2, "hold_limit": 3, "own_cooldown_days": 7}
        admin.create("customer_pool", pool | {"rules": rules})
        yield lambda role: Records(admin.unit, actor_of(admin.unit, ids[role], "api"))  # who knows his department


LEVELS = {"a": 60, "b": 30, "c": 15}


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def customer(door: Records, name: str = "蓝天", **more: Any) -> int:
    return door.create("customer", {"name": name, **more}).id


def followed(door: Records, customer: int, day: date) -> None:
    with clock.stopped(at(day)):
        act(door, "task", door.create("task", {"subject": "电话", "customer": customer}).id, "finish")


# -- when a customer goes back (B23) ---------------------------------------------------------------------------------


def test_a_customer_goes_back_so_many_days_after_the_last_follow_up(doors):
    sales, first_of_may = doors("sales"), date(2026, 5, 1)
    for level, back in {"a": date(2026, 7, 1), "b": date(2026, 6, 1), "c": date(2026, 5, 17)}.items():
        with clock.stopped(at(date(2026, 1, 1))):
            made = customer(sales, f"级别{level}", level=level)
        followed(sales, made, first_of_may)
        held = sales.get("customer", made).values
        assert held["recycle_on"] == back, level
        assert held["recycle_remind_on"] == back - timedelta(days=4)
        if level == "b":
            assert held["recycle_remind_on"] == date(2026, 5, 28)
            followed(sales, made, date(2026, 5, 20))
            assert sales.get("customer", made).values["recycle_on"] == date(2026, 6, 20)


def test_a_claim_begins_the_time_anew_and_what_is_locked_never_goes_back(doors):
    sales = doors("sales")
    with clock.stopped(at(date(2025, 12, 1))):
        made = customer(sales)
    followed(sales, made, date(2026, 1, 1))
    with clock.stopped(at(date(2026, 2, 1))):
        act(sales, "customer", made, "give_back", reason="没有需求")
    with clock.stopped(at(date(2026, 5, 10))):
        act(doors("sales_manager"), "customer", made, "claim")
        held = doors("sales_manager").get("customer", made).values
        assert held["recycle_on"] == date(2026, 6, 10)
        assert doors("sales_manager").update("customer", made, {"locked": True}).values["recycle_on"] is None


def test_what_is_due_goes_back_with_a_trace(doors):
    from yuanke.workflow import perform

    sales = doors("sales")
    with clock.stopped(at(date(2026, 5, 1))):
        made = customer(sales)
    with pytest.raises(RecordNotFound):
        act(sales, "customer", made, "recycle")
    engine = type(sales.actor)(**{**sales.actor.__dict__, "engine": True})
    perform(sales.unit, engine, "customer", made, "recycle")
    back = doors("boss").get("customer", made).values
    assert (back["owner"], back["pool"].title) == (None, "华东公海")
    (trace,) = doors("boss").list("pool_event", Query(fields=("kind", "from_owner"))).records
    assert (trace.values["kind"], trace.values["from_owner"].id) == ("recycled", sales.actor.user_id)
    (log,) = doors("boss").list("transfer_log", Query(fields=("kind", "customer_name"))).records
    assert (log.values["kind"], log.values["customer_name"]) == ("give_back", "蓝天")


# -- claiming --------------------------------------------------------------------------------------------------------


def in_pool(doors: Doors, *names: str) -> list[int]:
    """Customers that the manager gave back long ago."""
    manager, made = doors("sales_manager"), []
    with clock.stopped(clock.now() - timedelta(days=30)):
        for name in names:
            made.append(customer(manager, name))
            act(manager, "customer", made[-1], "give_back", reason="腾出")
    return made


def test_members_claim_within_their_limits(doors):
    sales = doors("sales")
    one, two, three = in_pool(doors, "甲", "乙", "丙")
    assert [r.id for r in sales.list("customer", Query(filter="owner == null")).records]
    claimed = act(sales, "customer", one, "claim")
    assert (claimed["owner"].id, claimed["pool"]) == (sales.actor.user_id, None)
    act(sales, "customer", two, "claim")
    with pytest.raises(Refused, match="领取已达上限 2"):
        act(sales, "customer", three, "claim")
    with pytest.raises((RecordNotFound, AccessDenied, Refused)):
        act(doors("sales_manager"), "customer", one, "claim")
    with clock.stopped(clock.now() + timedelta(days=1)):
        act(sales, "customer", three, "claim")
    (four,) = in_pool(doors, "丁")
    with clock.stopped(clock.now() + timedelta(days=3)), pytest.raises(Refused, match="上限 3"):
        act(sales, "customer", four, "claim")


def test_the_former_owner_waits_before_he_claims_back(doors):
    sales, june = doors("sales"), date(2026, 6, 1)
    with clock.stopped(at(june)):
        made = customer(sales)
        act(sales, "customer", made, "give_back", reason="暂时没空")
    with clock.stopped(at(date(2026, 6, 7))), pytest.raises(Refused, match="7 天内"):
        act(sales, "customer", made, "claim")
    with clock.stopped(at(date(2026, 6, 8))):
        assert act(sales, "customer", made, "claim")["owner"].id == sales.actor.user_id


def test_who_is_no_member_sees_nothing_of_the_pool(doors):
    (made,) = in_pool(doors, "甲")
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("purchasing").get("customer", made)
    assert "claim" not in str(doors("finance").may("customer", "claim")) or not doors("finance").may(
        "customer", "claim"
    )


def test_a_manager_hands_out_what_is_in_the_pool(doors, standing_staff):
    person = standing_staff("assignment", "expense").ids["sales"]
    (made,) = in_pool(doors, "甲")
    act(doors("sales_manager"), "customer", made, "assign_pool", person=person)
    assert doors("sales").get("customer", made).values["owner"].id == person


def test_nobody_locks_more_than_the_pool_allows(doors):
    sales = doors("sales")
    (pool,) = doors("admin").list("customer_pool", Query()).records
    doors("admin").update("customer_pool", pool.id, {"lock_limit": 1})
    one, two = customer(sales, "甲"), customer(sales, "乙")
    sales.update("customer", one, {"locked": True})
    with pytest.raises(ValidationFailed) as found:
        sales.update("customer", two, {"locked": True})
    assert "上限" in found.value.errors[""][0].say()


# -- transfers (B19) and merges (B18) --------------------------------------------------------------------------------


def deal(door: Records, customer: int, name: str) -> int:
    values = {"name": name, "customer": customer, "expect_amount": 1, "expect_sign_on": clock.today()}
    return door.create("opportunity", values).id


def test_a_batch_moves_customers_with_what_is_open_and_leaves_what_is_sealed(doors, standing_staff):
    sales, boss = doors("sales"), doors("boss")
    to = standing_staff("assignment", "expense").ids["sales_manager"]
    first, second, sealed = (customer(sales, name) for name in ("K1", "K2", "K3"))
    contacts = [sales.create("contact", {"name": name, "customer": first}).id for name in ("王", "李")]
    open_task = sales.create("task", {"subject": "待办", "customer": first}).id
    running, won = deal(sales, first, "跟踪"), deal(sales, first, "赢单")
    act(sales, "opportunity", won, "win")
    boss.update("customer", sealed, {"sealed": True})
    batch = {"customers": [first, second, sealed], "to_user": to, "reason": "leaving"}
    made = boss.create("transfer_batch", batch).id
    done = act(boss, "transfer_batch", made, "execute")
    assert (done["status"], done["ok_count"], done["fail_count"]) == ("done", 2, 1)
    owners = {one: boss.get("customer", one).values["owner"].id for one in (first, second, sealed)}
    assert owners == {first: to, second: to, sealed: sales.actor.user_id}
    moved = [("contact", one) for one in contacts] + [("task", open_task), ("opportunity", running)]
    assert {boss.get(entity, record).values["owner"].id for entity, record in moved} == {to}
    assert boss.get("opportunity", won).values["owner"].id == sales.actor.user_id
    with pytest.raises((RecordNotFound, AccessDenied)):
        sales.get("customer", first)


def test_a_batch_shares_customers_and_takes_the_share_back(doors, standing_staff):
    boss, ids = doors("boss"), standing_staff("assignment", "expense").ids
    made = [customer(boss, name) for name in ("K1", "K2")]
    shared = {"kind": "share", "customers": made, "share_users": [ids["sales"]], "reason": "other"}
    act(boss, "transfer_batch", boss.create("transfer_batch", shared).id, "execute")
    assert {doors("sales").get("customer", one).id for one in made} == set(made)
    back = boss.create("transfer_batch", shared | {"kind": "unshare", "customers": made[:1]}).id
    act(boss, "transfer_batch", back, "execute")
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("sales").get("customer", made[0])
    assert doors("sales").get("customer", made[1])
    nobody = boss.create("transfer_batch", {"kind": "share", "customers": made, "reason": "other"}).id
    with pytest.raises(Refused, match="共享给谁"):
        act(boss, "transfer_batch", nobody, "execute")


def test_many_customers_need_a_yes(doors, standing_staff):
    manager, ids = doors("sales_manager"), standing_staff("assignment", "expense").ids
    doors("admin").update("user", ids["sales_manager"], {"manager": ids["boss"]})
    many = [customer(manager, f"客户{n}") for n in range(51)]
    few = manager.create("transfer_batch", {"customers": many[:50], "to_user": ids["sales"], "reason": "post"}).id
    large = manager.create("transfer_batch", {"customers": many, "to_user": ids["sales"], "reason": "post"}).id
    assert act(manager, "transfer_batch", large, "execute")["approval"] == "submitted"
    assert act(manager, "transfer_batch", few, "execute")["status"] == "done"


def test_what_is_merged_adds_up_and_is_taken_apart_again(doors):
    from yuanke.records.merging import merge
    from yuanke.records.undoing import undo

    boss, admin = doors("boss"), doors("admin")
    category = admin.create("product_category", {"name": "软件", "code": "SW"}).id
    product = admin.create("product", {"code": "ERP", "name": "ERP", "category": category, "list_price": "100"}).id
    kept = customer(boss, "上海蓝天科技有限公司", tags=["重点", "上海"])
    lost = customer(boss, "上海蓝天科技", tel="021-68881234", tags=["老客户"])

    def order(of: int, amount: str) -> int:
        line = {"product": product, "quantity": 1, "price": amount, "tax_rate": 0}
        made = admin.create("order", {"customer": of, "lines": [line]})
        if made.values["status"] == "booked":
            act(admin, "order", made.id, "start")
        return made.id

    def paid(of: int, for_: int, amount: str) -> None:
        money = {"customer": of, "order": for_, "amount": amount, "account": account}
        money["allocations"] = [{"order": for_, "amount": amount}]
        act(doors("finance"), "receipt", doors("finance").create("receipt", money).id, "confirm")

    account = doors("finance").create("fund_account", {"name": "招行"}).id
    paid(kept, order(kept, "57000"), "47100")
    paid(lost, order(lost, "12500.50"), "12500.50")
    pieces = admin.create("product", {"code": "P", "name": "P", "category": category, "list_price": 1, "serial_managed": True}).id  # fmt: skip
    for n in range(2):
        brought(admin, "serial_no", {"sn": f"S{n}", "product": pieces, "customer": lost, "status": "sold"})
    boss.create("anniversary", {"customer": kept, "month": 6, "day": 18})
    for name in ("王强", "刘芳"):
        boss.create("contact", {"name": name, "customer": kept, "mobile": "13800138000" if name == "王强" else None})
    for name in ("王强", "赵敏", "孙丽"):
        boss.create("contact", {"name": name, "customer": lost, "mobile": "13800138000" if name == "王强" else None})
    for of, count in ((kept, 5), (lost, 4)):
        for n in range(count):
            boss.create("task", {"subject": f"电话{n}", "customer": of})
    done = merge(boss.unit, boss.actor, boss.entity("customer"), kept, lost, {"tel": lost})
    whole = boss.get("customer", kept).values
    assert (whole["deal_amount"], whole["tel"], set(whole["tags"])) == (
        D("69500.50"),
        "021-68881234",
        {"重点", "上海", "老客户"},
    )
    assert len(boss.related("customer", kept, "contacts").records) == 4
    assert (whole["received_amount"], whole["receivable"]) == (D("59600.50"), D("9900.00"))
    hang = {key: len(boss.related("customer", kept, key).records) for key in ("tasks", "serials", "anniversaries")}
    assert hang == {"tasks": 9, "serials": 2, "anniversaries": 1}
    order(kept, "1000")
    undo(boss.unit, boss.actor, done.change_set)
    deals = [boss.get("customer", one).values["deal_amount"] for one in (kept, lost)]
    assert deals == [D("58000.00"), D("12500.50")]
    assert [len(boss.related("customer", one, "contacts").records) for one in (kept, lost)] == [2, 3]
    assert [len(boss.related("customer", one, "tasks").records) for one in (kept, lost)] == [5, 4]
    assert [len(boss.related("customer", one, "serials").records) for one in (kept, lost)] == [0, 2]
    with pytest.raises(Refused):
        undo(boss.unit, boss.actor, done.change_set)


def test_what_is_sealed_the_same_or_not_ones_own_is_not_merged(doors):
    from yuanke.records.merging import merge

    boss, sales = doors("boss"), doors("sales")
    one, two, sealed = (customer(sales, name) for name in ("甲", "乙", "丙"))
    boss.update("customer", sealed, {"sealed": True})
    entity = boss.entity("customer")
    for keep, lose in ((one, one), (one, sealed)):
        with pytest.raises((Refused, ValidationFailed)):
            merge(boss.unit, boss.actor, entity, keep, lose, {})
    with pytest.raises(AccessDenied):
        merge(sales.unit, sales.actor, entity, one, two, {})

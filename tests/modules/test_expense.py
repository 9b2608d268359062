"""Expenses, claims and trips: levels of approval by amount, loans that claims set off, receipts used twice (story B21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    """A department headed by the sales manager, who answers to the boss."""
    staff = standing_staff("expense")
    with staff.working() as opened:
        admin, ids = opened("admin"), staff.ids
        place = admin.create("department", {"name": "销售部", "head": ids["sales_manager"]}).id
        admin.update("user", ids["sales_manager"], {"department": place, "manager": ids["boss"]})
        admin.update("user", ids["sales"], {"department": place, "manager": ids["sales_manager"]})
        yield opened


def act(door: Records, entity: str, record: int, key: str, confirm: Any = (), **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked, confirm=confirm).values)


def asked_now(door: Records) -> list[Any]:
    """Who has to decide now, as (approver, task)."""
    task = door.unit.tables["approval_task"]
    found = door.unit.execute(task.select().where(task.c.state == "open").order_by(task.c.id))
    return [(row.approver, row.id) for row in found]


def decide(doors: Doors, role: str, verb: str = "approve", note: str = "", values: Any = None) -> None:
    from yuanke.workflow import approvals

    door = doors(role)
    task = next(task for person, task in asked_now(door) if person == door.actor.user_id)
    said = approvals.Said(note)
    if verb == "approve":
        approvals.approve(door.unit, door.actor, task, said, values)
    else:
        approvals.reject(door.unit, door.actor, task, said)


def expense(door: Records, amount: str, **more: Any) -> int:
    return door.create("expense", {"purpose": "出差", "amount": amount, **more}).id


def claim(door: Records, *amounts: str, **more: Any) -> int:
    made = door.create("expense_claim", {"title": "出差报销", **more}).id
    for amount in amounts:
        act(door, "expense", expense(door, amount), "put_in", claim=made)
    return made


@pytest.fixture
def account(doors: Doors) -> int:
    return doors("finance").create("fund_account", {"name": "基本户", "opening": 10000}).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("expense").working() as doors:
        sales, today = doors("sales"), clock.today()
        trip = {
            "title": "调研",
            "from_place": "上海",
            "to_place": "杭州",
            "purpose": "需求",
            "start_on": today,
            "end_on": today,
        }
        things = {
            "expense": ({"purpose": "打车", "amount": 20}, {"category": "courier"}),
            "expense_claim": ({"title": "报销"}, {"type": "office"}),
            "business_trip": (trip, {"traffic": "car"}),
        }
        for entity, (values, changes) in things.items():
            record = sales.create(entity, values).id
            (changed,) = changes.items()
            assert sales.update(entity, record, changes).values[changed[0]] == changed[1]
            with pytest.raises(RecordNotFound):
                doors("warehouse").get(entity, record)
            sales.delete(entity, record)


def test_wrong_expenses_are_refused_at_their_fields(doors):
    sales, tomorrow = doors("sales"), clock.today() + timedelta(days=1)
    for values, field in [
        ({"amount": "0"}, "amount"),
        ({"amount": "10", "occur_on": tomorrow}, "occur_on"),
        ({"amount": "10", "tax_amount": "11"}, "tax_amount"),
    ]:
        with pytest.raises(ValidationFailed) as found:
            sales.create("expense", {"purpose": "x", **values})
        assert list(found.value.errors) == [field]


@pytest.mark.parametrize(
    ("amount", "chain"),
    [
        ("1000.00", ["sales_manager"]),
        ("1000.01", ["sales_manager", "finance"]),
        ("10000.00", ["sales_manager", "finance"]),
        ("10000.01", ["sales_manager", "finance", "boss"]),
    ],
)
def test_the_chain_is_as_long_as_the_amount_asks(doors, standing_staff, amount, chain):
    sales, ids = doors("sales"), standing_staff("expense").ids
    made = claim(sales, amount)
    sent = act(sales, "expense_claim", made, "submit")
    assert (sent["status"], sent["approval"]) == ("draft", "submitted")
    for role in chain:
        assert [person for person, _ in asked_now(sales)] == [ids[role]]
        decide(doors, role)
    done = sales.get("expense_claim", made).values
    assert (done["status"], done["approval"]) == ("approved", "approved")


def test_a_head_of_department_asks_the_next_one_up(doors, standing_staff):
    manager = doors("sales_manager")
    act(manager, "expense_claim", claim(manager, "200"), "submit")
    assert [person for person, _ in asked_now(manager)] == [standing_staff("expense").ids["boss"]]


def trip(door: Records, **more: Any) -> int:
    day = clock.today() + timedelta(days=2)
    values = {
        "title": "调研",
        "from_place": "上海",
        "to_place": "杭州",
        "purpose": "需求",
        "start_on": day,
        "end_on": day,
    }
    return door.create("business_trip", values | more).id


def test_a_claim_sets_off_the_loan_of_a_trip_and_the_rest_is_paid(doors, account):
    """B21: 86.50 + 856.00 + 553.50; finance lessens the hotel to 800.00; 1,000.00 of loan are set off, 440.00 paid."""
    sales, finance = doors("sales"), doors("finance")
    customer = sales.create("customer", {"name": "华信"}).id
    journey = trip(sales, loan="1000")
    act(sales, "business_trip", journey, "submit")
    decide(doors, "sales_manager")
    decide(doors, "finance")
    act(finance, "business_trip", journey, "pay_loan", account=account, day=clock.today())
    items = [expense(sales, amount, customer=customer, trip=journey) for amount in ("86.50", "856.00", "553.50")]
    made = sales.create("expense_claim", {"title": "杭州", "trip": journey}).id
    act(sales, "expense_claim", made, "gather")
    held = sales.get("expense_claim", made).values
    assert (held["total"], held["loan_open"]) == (D("1496.00"), D(1000))
    assert sales.get("expense", items[0]).values["status"] == "claiming"
    act(sales, "expense_claim", made, "submit")
    with pytest.raises(ValidationFailed, match="修改"):
        sales.update("expense", items[0], {"amount": "1"})
    decide(doors, "sales_manager")
    finance.update("expense", items[1], {"approved_amount": "800.00"})
    decide(doors, "finance", values={"loan_offset": "1000.00"})
    approved = sales.get("expense_claim", made).values
    assert (approved["approved_total"], approved["payable"]) == (D("1440.00"), D("440.00"))
    paid = act(finance, "expense_claim", made, "pay", account=account, day=clock.today())
    assert (paid["status"], paid["paid"], paid["pay_status"]) == ("paid", D("440.00"), "all_paid")
    assert finance.get("fund_account", account).values["balance"] == D(10000) - 1000 - 440
    assert {sales.get("expense", one).values["status"] for one in items} == {"claimed"}
    assert sales.get("customer", customer).values["expense_total"] == D("1496.00")
    following = sales.create("expense_claim", {"title": "下一次"}).id
    assert sales.get("expense_claim", following).values["loan_open"] == 0


def test_what_is_refused_may_be_claimed_again_elsewhere(doors):
    sales = doors("sales")
    made = claim(sales, "300")
    act(sales, "expense_claim", made, "submit")
    decide(doors, "sales_manager", "reject", note="缺发票")
    assert sales.get("expense_claim", made).values["status"] == "rejected"
    (item,) = sales.list("expense", Query(filter="status == unclaimed")).records
    again = sales.create("expense_claim", {"title": "再报"}).id
    act(sales, "expense", item.id, "put_in", claim=again)
    assert sales.get("expense_claim", again).values["total"] == D(300)
    assert sales.get("expense_claim", made).values["total"] == 0


def test_a_receipt_used_twice_is_pointed_out_and_passes_when_confirmed(doors):
    sales = doors("sales")
    expense(sales, "10", invoice_no="04512203")
    made = sales.create("expense_claim", {"title": "重复"}).id
    act(sales, "expense", expense(sales, "20", invoice_no="04512203"), "put_in", claim=made)
    with pytest.raises(Refused, match="重复"):
        act(sales, "expense_claim", made, "submit")
    assert act(sales, "expense_claim", made, "submit", confirm=["repeated"])["approval"] == "submitted"


def test_an_empty_claim_is_not_handed_in_and_a_loan_is_not_set_off_that_is_not_there(doors):
    sales = doors("sales")
    empty = sales.create("expense_claim", {"title": "空"}).id
    with pytest.raises(ValidationFailed):
        act(sales, "expense_claim", empty, "submit")
    with pytest.raises(ValidationFailed) as found:
        sales.update("expense_claim", claim(sales, "300"), {"loan_offset": 1})
    assert list(found.value.errors) == ["loan_offset"]


def test_trips_of_one_person_do_not_overlap_and_a_summary_ends_them(doors):
    sales = doors("sales")
    made = trip(sales)
    assert sales.get("business_trip", made).values["days"] == 1
    with pytest.raises(ValidationFailed) as found:
        trip(sales, title="同一天")
    assert "重叠" in found.value.errors[""][0].say()
    with pytest.raises(Refused):
        act(sales, "business_trip", made, "leave")
    act(sales, "business_trip", made, "submit")
    decide(doors, "sales_manager")
    assert sales.get("business_trip", made).values["approval"] == "approved"
    act(sales, "business_trip", made, "leave")
    with pytest.raises((Refused, ValidationFailed)):
        act(sales, "business_trip", made, "finish")
    assert act(sales, "business_trip", made, "finish", summary="谈成了")["status"] == "done"
    cancelled = trip(sales, start_on=clock.today() + timedelta(days=9), end_on=clock.today() + timedelta(days=12))
    act(sales, "business_trip", cancelled, "cancel")
    assert trip(sales, start_on=clock.today() + timedelta(days=10), end_on=clock.today() + timedelta(days=10))


def test_only_finance_says_what_is_approved(doors):
    sales = doors("sales")
    made = expense(sales, "100")
    assert sales.get("expense", made).values["approved_amount"] == D(100)
    with pytest.raises((AccessDenied, ValidationFailed)):
        sales.update("expense", made, {"approved_amount": 90})
    assert doors("finance").update("expense", made, {"approved_amount": 90}).values["approved_amount"] == D(90)
    with pytest.raises(ValidationFailed):
        doors("finance").update("expense", made, {"approved_amount": 101})


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    held = doors("boss").get("expense_claim", made["expense_claim", "hangzhou_claim"]).values
    assert held["total"] == D("1496.00")

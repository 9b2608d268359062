"""Repairs, service, complaints, care and the Q&A as the people of after-sales use them; figures of the stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.records import Record, Records
from yuanke.workflow import documents, perform


class Shop:
    """A customer with a notebook, a workshop, and a store of parts that the keeper keeps."""

    def __init__(self, door: Callable[[str], Records]) -> None:
        self._door = door
        admin = door("admin")
        self.workshop = admin.create("department", {"name": "维修部A"}).id
        self.customer = admin.create(
            "customer", {"name": "上海蓝天科技有限公司", "tel": "021-65432100", "credit_days": 30}
        ).id
        category = admin.create("product_category", {"name": "笔记本电脑"}).id
        questions = [{"label": "内存"}, {"label": "硬盘"}, {"label": "外观", "required": True}]
        self.template = self.door("service").create(
            "intake_template", {"name": "笔记本", "category": category, "items": questions}
        )
        admin.update("product_category", category, {"intake_template": self.template.id})
        goods = {"category": category, "list_price": "860", "cost_price": "500"}
        self.board = admin.create("product", {"code": "MB", "name": "主板", **goods}).id
        self.notebook = admin.create(
            "product", {"code": "N1", "name": "笔记本", "warranty_months": 12, "serial_managed": True, **goods}
        ).id
        self.store = admin.create(
            "warehouse", {"code": "R", "name": "维修仓", "kind": "repair", "keepers": [self.user("warehouse")]}
        ).id

    def door(self, role: str, department: int | None = None) -> Records:
        """People of service and repair belong to the workshop, unless to another department."""
        opened = self._door(role)
        at = department or (self.workshop if role in ("service", "repair") else None)
        return Records(opened.unit, replace(opened.actor, department_id=at))

    def user(self, role: str) -> int:
        return self._door(role).actor.user_id or 0

    def act(self, role: str, record: Record, act: str, **asked: Any) -> dict[str, Any]:
        door = self.door(role)
        return perform(door.unit, door.actor, record.entity.key, record.id, act, asked).values

    def take_in(self, **values: Any) -> Record:
        item = [
            {"item": row.id, "value": said}
            for row, said in zip(self.template.values["items"], ("16G", "512G", "A面划痕"), strict=True)
        ]
        lines = [
            {"kind": "inspection", "name": "检测费", "price": "50"},
            {"kind": "part", "product": self.board, "vendor_amount": "300", "warehouse": self.store},
            {"kind": "labour", "name": "工时", "price": "120"},
        ]
        return self.door("service").create(
            "repair_order",
            {"flow": "inspect", "customer": self.customer, "contact_name": "王强", "product": self.notebook, "fault": "不开机",
             "sold_on": "2025-01-10", "received_on": "2026-03-02T10:00:00+08:00", "intake": item, "lines": lines, **values},
        )  # fmt: skip


@pytest.fixture
def shop(standing_staff: Callable[..., Any]) -> Iterator[Shop]:
    with standing_staff("service").working() as door:
        yield Shop(door)


def refused(what: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as found:
        what()
    if isinstance(found.value, ValidationFailed):
        return "；".join(said.say() for sentences in found.value.errors.values() for said in sentences)
    return found.value.said.say()


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("service").working() as door:
        shop = Shop(door)
        of = {"customer": shop.customer}
        things: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
            ("service", "intake_template", {"name": "汽车", "items": [{"label": "里程数", "type": "number", "unit": "公里"}]}, {"terms": "请取走随车物品"}),
            ("service", "repair_order", {**of, "contact_name": "王强", "product": shop.notebook, "fault": "不开机"}, {"notice": "急用"}),
            ("repair", "repair_order", {**of, "contact_name": "王强", "product": shop.notebook, "fault": "黑屏"}, {"diagnosis": "主板"}),
            ("service", "call_record", {**of, "call_no": "13800138000"}, {"result": "missed"}),
            ("service", "service_record", {**of, "subject": "打印不出", "content": "卡纸"}, {"minutes": 15}),
            ("service", "complaint", {**of, "subject": "来得慢", "content": "约好没来"}, {"severity": "urgent"}),
            ("sales", "customer_care", {"subject": "中秋问候", "content": "送月饼"}, {"way": "visit"}),
            ("service", "return_visit", dict(of), {"way": "wechat"}),
            ("service", "qa", {"question": "打印机卡纸怎么办", "answer": "打开后盖"}, {"keywords": ["卡纸"]}),
        ]  # fmt: skip
        own = door("sales").create("customer", {"name": "本人的客户"}).id
        for role, entity, values, change in things:
            keeper = shop.door(role)
            made = keeper.create(entity, {"customer": own, **values} if role == "sales" else values)
            assert made.title, entity
            changed = keeper.update(entity, made.id, change).values
            assert {key: changed[key] for key in change} == change
            if role == "repair":  # who repairs does not delete
                with pytest.raises(AccessDenied):
                    keeper.delete(entity, made.id)
                continue
            keeper.delete(entity, made.id)
            with pytest.raises(RecordNotFound):
                keeper.get(entity, made.id)


def test_a_repair_out_of_warranty_is_quoted_repaired_and_paid(shop):
    order = shop.take_in(prepaid="200")
    figures = order.values
    assert (figures["status"], figures["warranty"], figures["warranty_until"]) == (
        "taken",
        "outside",
        date(2026, 1, 10),
    )
    assert figures["template"].id == shop.template.id
    assert [figures[key] for key in ("gross", "vendor_amount", "total", "due")] == [
        D("1030.00"),
        D("300.00"),
        D("730.00"),
        D("530.00"),
    ]

    assert "接件检测" not in refused(lambda: shop.act("repair", order, "start_repair"))  # this flow inspects first
    assert shop.act("repair", order, "inspect", engineer=shop.user("repair"))["status"] == "checking"
    assert refused(lambda: shop.act("repair", order, "ask_customer")) == "报价请客户确认之前要填写 检测结果"
    shop.door("repair").update("repair_order", order.id, {"diagnosis": "主板损坏"})
    assert shop.act("repair", order, "ask_customer")["quote_amount"] == D("730.00")
    assert shop.act("service", order, "agree")["status"] == "repairing"
    shop.act("repair", order, "wait_parts")
    shop.act("repair", order, "resume")
    assert shop.act("repair", order, "mend")["result"] == "mended"
    assert "尚欠" in refused(lambda: shop.act("service", order, "pick_up"))
    shop.door("service").update("repair_order", order.id, {"on_account": True})
    with clock.stopped(datetime(2026, 3, 10, 4)):
        assert shop.act("service", order, "pick_up")["pickup_by"] == "王强"
    finance = shop.door("finance")
    plan = finance.get("receivable_plan", finance.list("receivable_plan").records[0].id).values
    assert (plan["repair_order"].id, plan["amount"], plan["plan_date"]) == (order.id, D("530.00"), date(2026, 4, 9))
    assert shop.act("service", order, "close", satisfaction="good")["status"] == "closed"
    assert "不能修改" in refused(lambda: shop.door("service").update("repair_order", order.id, {"fault": "x"}))


def test_parts_are_taken_by_an_issue_made_of_the_repair(shop):
    order = shop.take_in()
    repairer = shop.door("repair")
    made = documents.make(repairer.unit, repairer.actor, "repair_order", order.id, "stock_out")
    issue = made[0] if isinstance(made, list) else made
    assert (issue.values["kind"], issue.values["warehouse"].id, issue.values["repair_order"].id) == (
        "repair",
        shop.store,
        order.id,
    )
    assert [line.values["product"].id for line in issue.values["lines"]] == [shop.board]
    assert shop.act("warehouse", issue, "confirm")["status"] == "posted"
    assert [line.values["unissued"] for line in repairer.get("repair_order", order.id).values["lines"]] == [0, 0, 0]
    assert "没有可以生成" in refused(
        lambda: documents.make(repairer.unit, repairer.actor, "repair_order", order.id, "stock_out")
    )
    assert "领过料" in refused(lambda: shop.door("service").delete("repair_order", order.id))


def test_a_customer_who_declines_pays_the_inspection_alone(shop):
    order = shop.take_in(prepaid="200", diagnosis="主板损坏")
    for act in ("inspect", "ask_customer"):
        shop.act("repair", order, act)
    left = shop.act("service", order, "decline")
    assert (left["status"], left["result"], left["total"], left["due"]) == (
        "ready",
        "given_up",
        D("50.00"),
        D("-150.00"),
    )


def test_under_warranty_the_customer_pays_nothing_and_the_maker_bears_his_part(shop):
    figures = shop.take_in(received_on="2025-12-01T10:00:00+08:00").values
    assert (figures["warranty"], figures["total"], figures["vendor_amount"]) == ("inside", D("0.00"), D("300.00"))


def test_a_free_repair_out_of_warranty_is_agreed_by_the_head(shop):
    order = shop.take_in(flow="shop", discount_amount="30")
    shop.act("repair", order, "start_repair")
    assert shop.act("repair", order, "mend")["approval"] == "submitted"
    with pytest.raises(ValidationFailed):
        shop.take_in(discount_amount="731")


def test_a_repair_on_site_is_closed_without_pick_up(shop):
    order = shop.take_in(flow="onsite", lines=[{"kind": "travel", "name": "上门费", "price": "0"}])
    assert order.values["status"] == "waiting"
    shop.act("repair", order, "start_repair")
    assert refused(lambda: shop.act("repair", order, "mend")) == "现在不能修好"
    assert shop.act("repair", order, "close")["status"] == "closed"


def test_one_workshop_does_not_see_the_repairs_of_another(shop):
    order = shop.take_in()
    other = shop.door("admin").create("department", {"name": "维修部B"}).id
    assert shop.door("repair").get("repair_order", order.id).id == order.id
    with pytest.raises(RecordNotFound):
        shop.door("repair", other).get("repair_order", order.id)


def at(hour: int, minute: int = 0) -> Any:
    """So late on 2 March 2026 in Shanghai."""
    return clock.stopped(datetime(2026, 3, 2, hour - 8, minute))


def test_service_is_timed_without_the_time_the_customer_takes(shop):
    with at(9):
        made = shop.door("service").create(
            "service_record", {"subject": "打不开", "customer": shop.customer, "priority": "high", "content": "报错"}
        )
    steps = ((9, 40, "start", {}), (10, 0, "wait", {}), (14, 0, "resume", {}), (18, 30, "solve", {"answer": "重装"}))
    for hour, minute, act, asked in steps:
        with at(hour, minute):
            found = shop.act("service", made, act, **asked)
            assert found["sla"] == "fine", act
    assert (found["status"], found["solved"], found["waited"]) == ("solved", "solved", 240)
    with at(9):
        late = shop.door("service").create(
            "service_record", {"subject": "急", "customer": shop.customer, "priority": "urgent", "content": "停机"}
        )
    for hour, minute, sla in ((9, 30, "fine"), (9, 31, "late_answer"), (13, 1, "late_solution")):
        with at(hour, minute):
            assert shop.door("service").get("service_record", late.id).values["sla"] == sla


def test_a_service_record_becomes_a_repair_or_a_complaint_once(shop):
    made = shop.door("service").create(
        "service_record", {"subject": "不开机", "customer": shop.customer, "content": "按键无反应"}
    )
    service = shop.door("service")
    draft = documents.drafts(service.unit, service.actor, "service_record", made.id, "repair_order")[0]
    assert (draft.values["customer"], draft.values["fault"]) == (shop.customer, "按键无反应")
    complaint = documents.make(service.unit, service.actor, "service_record", made.id, "complaint")
    first = complaint[0] if isinstance(complaint, list) else complaint
    assert first.values["service_record"].id == made.id
    assert service.get("service_record", made.id).values["solved"] == "to_complaint"
    assert "已经生成过" in refused(
        lambda: documents.make(service.unit, service.actor, "service_record", made.id, "complaint")
    )


def test_nobody_handles_a_complaint_against_himself(shop):
    made = shop.door("service").create(
        "complaint", {"subject": "来得慢", "customer": shop.customer, "content": "x", "against": shop.user("service"),
                      "severity": "urgent", "received_at": "2026-03-02T09:00:00+08:00"},
    )  # fmt: skip
    assert made.values["due_at"] == datetime.fromisoformat("2026-03-02T17:00:00+08:00")
    assert refused(lambda: shop.act("service", made, "take")) == "被投诉人不得处理本投诉"
    change = {"handler": shop.user("service")}
    assert refused(lambda: shop.door("service").update("complaint", made.id, change)) == "被投诉人不得处理本投诉"
    assert shop.act("boss", made, "take")["handler"].id == shop.user("boss")
    assert shop.act("boss", made, "handle", solution="道歉")["status"] == "handled"
    again = shop.act("service", made, "unsatisfied")
    assert (again["status"], again["level"], again["revisit"]) == ("escalated", 1, "unsatisfied")
    shop.act("boss", made, "take")
    shop.act("boss", made, "handle", solution="上门道歉")
    assert shop.act("service", made, "satisfied")["status"] == "confirmed"


def test_compensation_is_approved(shop):
    made = shop.door("service").create("complaint", {"subject": "坏", "customer": shop.customer, "content": "x"})
    shop.act("service", made, "take")
    assert shop.act("service", made, "handle", solution="赔", compensation="100")["approval"] == "submitted"


def test_care_is_planned_by_an_anniversary_and_remembered_there(shop):
    with clock.stopped(datetime(2026, 3, 1, 4)):
        day = shop.door("admin").create("anniversary", {"customer": shop.customer, "month": 3, "day": 4}).id
        care = shop.door("service").create(
            "customer_care", {"subject": "生日祝福", "content": "送花", "anniversary": day}
        )
        assert (care.values["customer"].id, care.values["plan_on"]) == (shop.customer, date(2026, 3, 4))
        assert shop.act("service", care, "carry_out")["done_on"] == date(2026, 3, 1)
        assert shop.door("service").get("anniversary", day).values["last_care_on"] == date(2026, 3, 1)


def test_a_return_visit_says_how_content_the_customer_is(shop):
    made = shop.door("service").create("return_visit", {"customer": shop.customer})
    shop.act("service", made, "unreached")
    with pytest.raises(Refusal):
        shop.act("service", made, "finish", satisfaction="good")
    done = shop.act("service", made, "finish", satisfaction="very_good", content="很及时", score=10)
    assert (done["status"], done["score"]) == ("done", 10)


def test_answers_are_published_by_the_head_used_and_counted(shop):
    made = shop.door("service").create(
        "qa", {"question": "打印机卡纸怎么办", "answer": "打开后盖", "keywords": ["卡纸", "打印"]}
    )
    with pytest.raises(RecordNotFound):
        shop.door("sales").get("qa", made.id)
    shop.act("service", made, "submit")
    assert refused(lambda: shop.act("service", made, "publish")) == "现在不能发布"  # not by whoever wrote it
    shop.act("boss", made, "publish")
    assert shop.door("sales").get("qa", made.id).values["question"]
    shop.door("service").create(
        "service_record", {"subject": "卡纸", "customer": shop.customer, "content": "x", "qa": made.id}
    )
    shop.act("service", made, "useful")
    found = shop.door("service").get("qa", made.id).values
    assert (found["use_count"], found["useful"]) == (1, 1)


def test_a_customer_tells_what_is_open(shop):
    service = shop.door("service")
    shop.take_in()
    record = service.create("service_record", {"subject": "一", "customer": shop.customer, "content": "x"})
    service.create("complaint", {"subject": "二", "customer": shop.customer, "content": "x"})
    assert service.get("customer", shop.customer).values["open_tickets"] == 3
    shop.act("service", record, "solve", answer="好了")
    assert service.get("customer", shop.customer).values["open_tickets"] == 2


def test_somebody_is_sent_with_parts_for_a_repair_on_site(shop):
    order = shop.take_in(flow="onsite", tel="021-65432100")
    service = shop.door("service")
    shop.door("admin").update("customer", shop.customer, {"address": "上海市浦东新区"})
    made = documents.make(service.unit, service.actor, "repair_order", order.id, "field_order")
    visit = made[0] if isinstance(made, list) else made
    assert (visit.values["type"], visit.values["subject"], visit.values["repair_order"].id) == (
        "repair",
        "上门维修 笔记本",
        order.id,
    )
    parts = [{"kind": "part", "product": shop.board, "quantity": 2}, {"kind": "labour", "name": "工时", "price": "120"}]
    assert service.update("field_order", visit.id, {"parts": parts}).values["parts_amount"] == D("1840.00")

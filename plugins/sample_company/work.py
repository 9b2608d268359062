"""Daily work: what everybody did, has to do today, has let slip and has before him; and days to remember."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from lunar_python import Solar

from .customers import Customer
from .people import SELLERS
from .telling import Event, Time, user

#: means of contact, subject, what was said, what the customer said
RECORDS = [
    ("call", "电话跟进", "介绍了新版功能，对方关心数据迁移和权限划分。", "希望下周看一次演示。"),
    ("visit", "上门拜访", "与信息部、采购部一起过了需求清单，确认分两期实施。", "预算已列入本季度。"),
    ("demo", "产品演示", "演示客户、机会、订单三个模块，并现场导入了客户表。", "认可导入和查重，要看移动端。"),
    ("chat", "微信沟通", "发送报价单与同行业案例。", "价格偏高，要求给到年付优惠。"),
    ("meeting", "商务会谈", "讨论付款方式与验收标准，初步同意三期付款。", "法务需要三天审合同。"),
    ("call", "售后回访", "询问上线后的使用情况，登记两条改进意见。", "总体满意，报表希望能导出。"),
    ("reception", "来访接待", "客户一行三人来公司考察，参观机房和客服中心。", "对服务团队印象好。"),
]
#: means of contact, subject
TODO = [
    ("call", "电话回访使用情况"),
    ("visit", "上门拜访并演示方案"),
    ("mail", "发送报价与案例"),
    ("meeting", "项目进度会"),
    ("call", "确认合同条款"),
    ("demo", "演示移动外勤"),
    ("visit", "送交合同原件"),
    ("dinner", "季度答谢晚餐"),
    ("chat", "确认收货时间"),
    ("bidding", "准备投标文件"),
    ("call", "催回签收单"),
]
#: days from today and hour of the tasks of one person, in turn: yesterday's is overdue
WHEN = [(0, 9), (0, 14), (-1, 16), (1, 10), (2, 15), (5, 11)]
OTHERS = ["linxiao", "heting", "majun", "tangyan", "luojian", "wuxiaomin"]


def tasks(customers: list[Customer], time: Time) -> Iterator[Event]:
    count = 0
    for customer in customers:
        for days_ago in sorted({time.rng.randint(1, min(customer.since, 60)) for _ in range(2)}, reverse=True):
            count += 1
            yield _done(customer, days_ago, f"done.{count}", time)
    for person, customer in _today_of_everybody(customers, time):
        count += 1
        yield _todo(person, customer, count, time)


def _done(customer: Customer, days_ago: int, key: str, time: Time) -> Event:
    kind, subject, content, feedback = time.rng.choice(RECORDS)
    start = time.moment(days_ago, 10 + time.rng.randint(0, 5))
    values = {
        "kind": "record",
        "subject": f"{subject}：{customer.firm.short}",
        "type": kind,
        "content": content,
        "customer": customer.ref,
        "contacts": [customer.contacts[0]],
        "start_at": start,
        "end_at": start + timedelta(minutes=40),
        "status": "done",
        "done_at": start + timedelta(minutes=40),
        "result": time.rng.choice(["useful", "useful", "again"]),
        "feedback": feedback,
        "assignees": [user(customer.seller)],
        "owner": user(customer.seller),
    }
    return Event(customer.known(time, start + timedelta(hours=1)), "task", key, values)


def _today_of_everybody(customers: list[Customer], time: Time) -> Iterator[tuple[str, Customer]]:
    for part, sellers in SELLERS.items():
        near = [customer for customer in customers if customer.firm.city.part == part]
        for seller in sellers:
            own = [customer for customer in near if customer.seller == seller] or near
            yield from ((seller, time.rng.choice(own)) for _ in WHEN)
    big = [customer for customer in customers if customer.firm.level == "a"]
    for person in ["chenmo"] * len(WHEN) + OTHERS * 3:
        yield person, time.rng.choice(big)


def _todo(person: str, customer: Customer, count: int, time: Time) -> Event:
    kind, subject = TODO[count % len(TODO)]
    ahead, hour = WHEN[count % len(WHEN)]
    start = time.moment(-ahead, hour, 30)
    values = {
        "kind": "event" if kind in ("meeting", "dinner") else "todo",
        "subject": f"{subject}：{customer.firm.short}",
        "type": kind,
        "customer": customer.ref,
        "contacts": [customer.contacts[0]],
        "start_at": start,
        "end_at": start + timedelta(hours=1),
        "priority": time.rng.choice(["high", "normal", "normal", "low"]),
        "remind_before": 30,
        "assignees": [user(person)],
        "owner": user(person),
    }
    made = time.moment(max(1, min(customer.since, time.rng.randint(1, 5))), 18, 40)
    return Event(customer.known(time, made), "task", f"todo.{count}", values)


def anniversaries(customers: list[Customer], time: Time) -> Iterator[Event]:
    """Birthdays of main contacts, every third by the lunar calendar, and founding days; some come soon."""
    for order, customer in enumerate(time.rng.sample(customers, 24)):
        ahead = [2, 5, 9, 12, 20, 33][order // 4] if order % 4 == 0 else time.rng.randint(15, 350)
        birthday = order % 4 != 3
        values: dict[str, Any] = {
            "type": "birthday" if birthday else "founding",
            "title": "生日" if birthday else "公司成立日",
            "customer": customer.ref,
            "origin_year": time.rng.randint(1966, 1994) if birthday else time.rng.randint(1998, 2016),
            "reminded": [user(customer.seller)],
            "owner": user(customer.seller),
            **yearly_day(time.today + timedelta(days=ahead), lunar=order % 3 == 0),
        }
        if birthday:
            values["contact"] = customer.contacts[0]
        entered = time.moment(time.rng.randint(1, 3), 18, 50)
        yield Event(customer.known(time, entered), "anniversary", f"day.{order}", values)


def yearly_day(day: date, lunar: bool) -> dict[str, Any]:
    """Calendar, month and day of an anniversary that falls on ``day``."""
    if not lunar:
        return {"calendar": "solar", "month": day.month, "day": day.day}
    found = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    month = found.getMonth()  # the leap month has a negative number
    return {"calendar": "lunar", "month": abs(month), "day": found.getDay(), "leap_month": month < 0}

"""Opportunities and orders: what was won is worth what its order says, what is open moves through the stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .customers import SOURCES, Customer
from .goods import Line, basket, in_hundreds, lead_name, worth
from .telling import Event, Ref, Time, user

STAGES = ["initial", "evaluation", "analysis", "design", "tender", "negotiation", "signing"]
LOSE_REASONS = ["price", "competitor", "budget", "cancelled", "product"]
#: orders of at least so much, not older than so many days, have the opportunity that led to them
WORTH_FOLLOWING, FOLLOWED_DAYS = Decimal(20000), 110
NEEDS = [
    "现有客户资料分散在表格里，希望统一管理并按区域授权。",
    "销售外出多，需要手机上查客户、写跟进、提交审批。",
    "仓库靠手工记账，经常缺货，要求扫码出入库。",
    "总部要求看到各分公司的销售漏斗和回款。",
    "机房老旧，需要替换服务器并迁移数据，停机不超过一个周末。",
    "售后工单没有时限，客户投诉多，要能追踪处理过程。",
]


def orders(customers: list[Customer], time: Time) -> Iterator[Event]:
    for customer in customers:
        for count, days_ago in enumerate(customer.orders):
            key = f"{customer.firm.domain}.{count}"
            lines = basket(time.rng)
            won = days_ago < FOLLOWED_DAYS and worth(lines) >= WORTH_FOLLOWING
            if won:
                yield _won(customer, key, days_ago, lines, time)
            values = _order(customer, days_ago, lines, time)
            if won:
                values["opportunity"] = Ref("opportunity", f"won.{key}")
            yield Event(time.moment(days_ago, 16, 30), "order", key, values)


def _order(customer: Customer, days_ago: int, lines: list[Line], time: Time) -> dict[str, Any]:
    signed, rng = time.day(days_ago), time.rng
    goods = any(line["product"].key.startswith("HW") for line in lines)
    return {
        "customer": customer.ref,
        "contact": customer.contacts[0],
        "subject": f"{lead_name(lines)}采购" if len(lines) == 1 else f"{lead_name(lines)}等 {len(lines)} 项",
        "sign_on": signed,
        "latest_ship_on": signed + timedelta(days=30),
        "status": _status(days_ago, time),
        "freight": Decimal(rng.choice([120, 280, 460])) if goods else Decimal(0),
        "settle": rng.choice(["full", "instalments", "instalments", "monthly"]),
        "pay_mode": rng.choice(["wire", "online", "acceptance"]),
        "receive_region": customer.firm.city.region,
        "receive_address": customer.firm.street,
        "owner": user(customer.seller),
        "lines": [{**line, "plan_date": signed + timedelta(days=10 + 5 * n)} for n, line in enumerate(lines)],
    }


def _status(days_ago: int, time: Time) -> str:
    if days_ago > 45:
        return "finished"
    return "booked" if days_ago <= 6 and time.rng.random() < 0.3 else "running"


def _won(customer: Customer, key: str, days_ago: int, lines: list[Line], time: Time) -> Event:
    found = days_ago + time.rng.randint(20, 60)
    values = _opportunity(customer, lines, worth(lines), found, time) | {
        "stage": "won",
        "expect_sign_on": time.day(days_ago),
        "closed_on": time.day(days_ago),
        "type": "new" if key.endswith(".0") else "add_on",
    }
    return Event(customer.known(time, time.moment(found)), "opportunity", f"won.{key}", values)


def pipeline(customers: list[Customer], time: Time) -> Iterator[Event]:
    """What is being worked on, and what was lost."""
    rng = time.rng
    prospects = [customer for customer in customers if customer.kind == "prospect"]
    buyers = [customer for customer in customers if customer.kind in ("repeat", "signed")]
    for order, customer in enumerate(rng.sample(prospects, 18) + rng.sample(buyers, 6)):
        yield _open(customer, order, time)
    for order, customer in enumerate(rng.sample(prospects, 4) + rng.sample(buyers, 2)):
        yield _lost(customer, order, time)


def _open(customer: Customer, order: int, time: Time) -> Event:
    rng, lines = time.rng, basket(time.rng)
    found = rng.randint(1, min(customer.since, 75))
    values = _opportunity(customer, lines, in_hundreds(lines), found, time) | {
        "stage": STAGES[min(len(STAGES) - 1, found // 12 + rng.choice([0, 0, 1]))],
        "expect_sign_on": time.day(-rng.randint(3, 75)),
        "type": "add_on" if customer.orders else "new",
        "next_follow_at": time.moment(-rng.randint(0, 12)),
    }
    if order % 12 == 11:
        values["on_hold"] = "parked"
    if order % 9 == 8:
        values["expect_sign_on"] = time.day(rng.randint(2, 9))
    return Event(customer.known(time, time.moment(found)), "opportunity", f"open.{order}", values)


def _lost(customer: Customer, order: int, time: Time) -> Event:
    lines = basket(time.rng)
    found = time.rng.randint(2, max(2, customer.since))
    closed = time.rng.randint(1, found)
    values = _opportunity(customer, lines, in_hundreds(lines), found, time) | {
        "stage": "lost",
        "expect_sign_on": time.day(closed),
        "closed_on": time.day(closed),
        "lose_reason": time.rng.choice(LOSE_REASONS),
    }
    return Event(customer.known(time, time.moment(found)), "opportunity", f"lost.{order}", values)


def _opportunity(customer: Customer, lines: list[Line], amount: Decimal, found: int, time: Time) -> dict[str, Any]:
    return {
        "name": f"{customer.firm.short}{lead_name(lines)}项目",
        "customer": customer.ref,
        "contact": customer.contacts[0],
        "source": time.rng.choice(SOURCES[:-1]),
        "found_on": time.day(found),
        "expect_amount": amount,
        "need": time.rng.choice(NEEDS),
        "products": [dict(line) for line in lines],
        "owner": user(customer.seller),
    }

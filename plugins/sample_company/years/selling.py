"""Opportunities and orders: what is won is worth what its order says, what is open stands where time has brought it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ..customers import SOURCES
from ..goods import basket, in_hundreds, lead_name, worth
from ..sales import LOSE_REASONS, NEEDS, STAGES
from .company import Company
from .delivering import deliver
from .market import Customer, first_free
from .money import bill_at_once, collect
from .sizes import DAYS

WON, LOST = 0.45, 0.3
#: below 1 the business grows
GROWTH = 0.75
VIP_ORDERS = 3
#: an opportunity takes at least so many days
FOUND_DAYS = 10
#: parts of the price, when they are due after what
TERMS = [
    [("signed", 100, 15)],
    [("signed", 30, 7), ("delivered", 60, 30), ("accepted", 10, 60)],
    [("signed", 50, 7), ("delivered", 50, 30)],
    [("delivered", 100, 30)],
    [("delivered", 100, 45)],
]


@dataclass
class Deal:
    """An order on its way. ``open`` counts its instalments that are not paid yet."""

    customer: Customer
    lines: list[dict[str, Any]]
    terms: list[tuple[str, int, int]]
    opportunity: int | None = None
    id: int = 0
    open: int = 0
    delivered: bool = False
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)


def sell(company: Company) -> None:
    """Orders all over the two years, more towards today; some of them began as an opportunity."""
    rng, diary = company.rng, company.diary
    buyers = [one for one in company.customers if one.buys]
    days = [_signed(company, buyers) for _ in range(company.sizes.orders)]
    old = [at for at, (customer, day) in enumerate(days) if (day - first_free(customer)).days > FOUND_DAYS]
    led = set(rng.sample(old, min(len(old), round(company.sizes.opportunities * WON))))
    for at, (customer, day) in enumerate(days):
        deal = Deal(customer, basket(rng), rng.choice(TERMS))
        if at in led:
            found = max(first_free(customer, 1), day - timedelta(days=rng.randint(15, 70)))
            diary.on(diary.at(found), _find, company, deal, diary.at(day, 10))
        else:
            diary.on(diary.before_today(day), sign, company, deal)
    wanted = company.sizes.opportunities - len(led)
    for at in range(wanted):
        _hope(company, lost=at < round(company.sizes.opportunities * LOST))


def _signed(company: Company, buyers: list[Customer]) -> tuple[Customer, date]:
    """A day, the more the nearer, and one of those who are customers by then."""
    days = round((DAYS - 15) * (1 - company.rng.random() ** GROWTH))
    day = company.diary.before_today(company.diary.ago(days)).date()
    known = [one for one in buyers if first_free(one) <= day] or buyers[:1]
    customer = company.rng.choice(known)
    return customer, max(day, first_free(customer))


def _hope(company: Company, lost: bool) -> None:
    """An opportunity that was lost, or that somebody works on today."""
    rng, diary = company.rng, company.diary
    customer = rng.choice(company.customers)
    days = rng.randint(40, DAYS - 10) if lost else rng.randint(2, 90)
    found = max(first_free(customer, 1), diary.ago(days))
    deal = Deal(customer, basket(rng), [])
    end = diary.before_today(found + timedelta(days=rng.randint(10, 80))) if lost else None
    diary.on(diary.before_today(found), _find, company, deal, None, end)


def _find(company: Company, deal: Deal, won: Any = None, lost: Any = None) -> None:
    rng, diary, customer = company.rng, company.diary, deal.customer
    expected = (won or lost or diary.at(diary.day + timedelta(days=rng.randint(30, 120)))).date()
    values = {
        "name": f"{customer.firm.short}{lead_name(deal.lines)}项目",
        "customer": customer.id,
        "contact": rng.choice(customer.contacts),
        "type": "add_on" if customer.orders else "new",
        "source": rng.choice(SOURCES[:-1]),
        "found_on": diary.day,
        "expect_sign_on": expected,
        "expect_amount": worth(deal.lines) if won else in_hundreds(deal.lines),
        "need": rng.choice(NEEDS),
        "products": _products(company, deal.lines),
    }
    deal.opportunity = company.create(customer.seller, "opportunity", values)
    end = won or lost
    days = (end - diary.now).days if end else 90
    steps = sorted(rng.sample(range(1, len(STAGES)), min(4, max(1, days // 12))))
    for at, step in enumerate(steps):
        moment = diary.at(diary.day + timedelta(days=round(days * (at + 1) / (len(steps) + 1))))
        if end is None or moment < end:
            diary.on(moment, _move, company, deal, STAGES[step])
    if won:
        diary.on(max(won, diary.now + timedelta(hours=1)), _win, company, deal)
    elif lost:
        diary.on(lost, _lose, company, deal)
    elif company.chance(0.12):
        diary.later(rng.randint(3, 30), _park, company, deal)


def _move(company: Company, deal: Deal, stage: str) -> None:
    company.act(deal.customer.seller, "opportunity", deal.opportunity or 0, "move", stage=stage)


def _win(company: Company, deal: Deal) -> None:
    company.act(deal.customer.seller, "opportunity", deal.opportunity or 0, "win")
    sign(company, deal)


def _lose(company: Company, deal: Deal) -> None:
    reason = company.rng.choice(LOSE_REASONS)
    company.act(deal.customer.seller, "opportunity", deal.opportunity or 0, "lose", lose_reason=reason)


def _park(company: Company, deal: Deal) -> None:
    said = company.rng.choice(["客户预算推迟到下个季度", "对方负责人调岗，等新负责人到任", "总部统一选型中"])
    company.act(deal.customer.seller, "opportunity", deal.opportunity or 0, "park", reason=said)


def sign(company: Company, deal: Deal) -> None:
    """The order as it is entered; it begins the next day."""
    rng, diary, customer = company.rng, company.diary, deal.customer
    goods = any(line["product"].key.startswith("HW") for line in deal.lines)
    many = f"等 {len(deal.lines)} 项" if len(deal.lines) > 1 else "采购"
    deal.id = company.create(customer.seller, "order", {
        "customer": customer.id,
        "contact": customer.contacts[0],
        "opportunity": deal.opportunity,
        "subject": f"{lead_name(deal.lines)}{many}",
        "sign_on": diary.day,
        "latest_ship_on": diary.day + timedelta(days=30),
        "freight": Decimal(rng.choice([120, 280, 460])) if goods else Decimal(0),
        "settle": "full" if len(deal.terms) == 1 else "instalments",
        "pay_mode": rng.choice(["wire", "online", "acceptance"]),
        "lines": [
            {**line, "plan_date": diary.day + timedelta(days=10 + 5 * at)}
            for at, line in enumerate(_products(company, deal.lines))
        ],
        "terms": [{"condition": when, "percent": part, "days": days} for when, part, days in deal.terms],
    })  # fmt: skip
    customer.orders.append(deal.id)
    diary.later(rng.choice([0, 0, 1, 1, 2]), _start, company, deal)


def _start(company: Company, deal: Deal) -> None:
    if not company.ask(deal.customer.seller, "order", deal.id, "start"):
        return
    _has_bought(company, deal.customer)
    deliver(company, deal)
    collect(company, deal, "signed")
    bill_at_once(company, deal)


def _has_bought(company: Company, customer: Customer) -> None:
    """Who buys is no prospect any more; who buys much is dear to us."""
    customer.running += 1
    kind = "vip" if customer.firm.level == "a" and len(customer.orders) >= VIP_ORDERS else "regular"
    if customer.running == 1 or len(customer.orders) == VIP_ORDERS:
        company.update(customer.seller, "customer", customer.id, {"type": kind, "stage": "contract"})


def _products(company: Company, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "product": company.ids["product", line["product"].key]} for line in lines]

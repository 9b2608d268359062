"""The customers come, each with somebody to talk to, more of them every quarter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..customers import Customer as Known
from ..customers import contact_values, customer_values
from ..firms import POSTS, Firm
from ..people import SELLERS
from ..telling import Ref, Time
from .company import Company
from .firms import firms
from .sizes import DAYS

#: which part of the customers ever orders
BUYERS = 0.7
#: only whoever came lately waits for a call
FRESH_DAYS = 60


@dataclass
class Customer:
    """``id`` and ``contacts`` are there from the day ``since`` on."""

    firm: Firm
    seller: str
    since: date
    buys: bool
    id: int = 0
    contacts: list[int] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    running: int = 0


def enter(company: Company) -> None:
    """Every customer on its day; who comes early is likelier to buy."""
    rng, diary, sizes = company.rng, company.diary, company.sizes
    more = sizes.contacts - sizes.customers
    company.customers = []
    for at, firm in enumerate(firms(sizes.customers, rng)):
        days = DAYS - 1 - round((DAYS - 6) * at / sizes.customers) + rng.randint(-3, 1)
        sellers = SELLERS[firm.city.part]
        seller = rng.choices(sellers, [4] * (len(sellers) - 1) + [1])[0]
        one = Customer(firm, seller, diary.before_today(diary.ago(days)).date(), at < 4 or company.chance(BUYERS))
        company.customers.append(one)
        several = (at + 1) * more // sizes.customers - at * more // sizes.customers
        diary.on(diary.at(one.since, 9), _enter, company, one, 1 + several)


def _enter(company: Company, one: Customer, people: int) -> None:
    known = Known(one.firm, company.days_ago(one.since), one.seller, "signed" if one.buys else "prospect")
    values = _known(company, customer_values(known, Time(company.diary.today, company.rng)))
    values |= {"type": "prospect", "stage": "presales"}
    if (company.diary.today - one.since).days > FRESH_DAYS:
        values.pop("next_follow_at", None)
    one.id = company.create(one.seller, "customer", values)
    for at, post in enumerate(company.rng.sample(POSTS, people)):
        mobile = 1000 + company.customers.index(one) * len(POSTS) + at
        values = _known(company, contact_values(known, at, post, mobile, company.rng)) | {"customer": one.id}
        one.contacts.append(company.create(one.seller, "contact", values))


def _known(company: Company, values: dict[str, Any]) -> dict[str, Any]:
    """People by their ids."""
    return {
        key: company.person(one.key) if isinstance(one, Ref) and one.entity == "user" else one
        for key, one in values.items()
    }


def first_free(one: Customer, days: int = 2) -> date:
    """The first day on which something may be done with the customer."""
    return one.since + timedelta(days=days)

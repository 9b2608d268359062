"""Who the customers of the story are: prospects, first buyers, buyers again, and those who have not come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from pypinyin import lazy_pinyin

from .firms import FIRMS, MEN, POSTS, SURNAMES, WOMEN, Firm
from .people import SELLERS
from .telling import Event, Ref, Time, user

#: how many firms have not ordered for long, order again and again, ordered once; the others are prospects
LAPSED, REPEAT, SIGNED = 5, 14, 20
#: so long after the last order a customer counts as lapsed
LAPSE_DAYS = 366
SOURCES = ["phone_in", "referral", "own_effort", "existing", "agent", "internet", "internet", "tender"]
TAGS = ["重点", "老客户", "上市公司", "转介绍", "展会认识", "价格敏感", "决策快", "集团采购"]
TYPES = {"lapsed": "regular", "repeat": "regular", "signed": "regular", "prospect": "prospect"}


@dataclass
class Customer:
    """A firm in the story: since how many days, in whose hands, and how many days ago it ordered."""

    firm: Firm
    since: int
    seller: str
    kind: str  # lapsed | repeat | signed | prospect
    orders: list[int] = field(default_factory=list)
    contacts: list[Ref] = field(default_factory=list)

    @property
    def ref(self) -> Ref:
        return Ref("customer", self.firm.domain)

    def known(self, time: Time, moment: datetime) -> datetime:
        """``moment``, but not before the customer and its contacts were entered."""
        return max(moment, time.moment(self.since, 18, 30))


def cast(rng: Random) -> list[Customer]:
    """All customers, with their part in the story given out by chance."""
    kinds = ["lapsed"] * LAPSED + ["repeat"] * REPEAT + ["signed"] * SIGNED
    kinds += ["prospect"] * (len(FIRMS) - len(kinds))
    rng.shuffle(kinds)
    return [_customer(firm, kind, rng) for firm, kind in zip(FIRMS, kinds, strict=True)]


def _customer(firm: Firm, kind: str, rng: Random) -> Customer:
    sellers = SELLERS[firm.city.part]
    seller = rng.choices(sellers, [4] * (len(sellers) - 1) + [1])[0]
    if kind == "prospect":
        return Customer(firm, rng.randint(1, 120), seller, kind)
    if kind == "lapsed":
        only = rng.randint(400, 480)
        return Customer(firm, only + rng.randint(30, 80), seller, kind, [only])
    if kind == "signed":
        only = rng.randint(3, 240)
        return Customer(firm, only + rng.randint(20, 90), seller, kind, [only])
    last = rng.randint(2, 120)
    gaps = [rng.randint(60, 170) for _ in range(rng.choice([1, 1, 2, 2, 3]))]
    found = [last + sum(gaps[:count]) for count in range(len(gaps) + 1)]
    return Customer(firm, found[-1] + rng.randint(20, 70), seller, kind, found[::-1])


def entered(customers: list[Customer], time: Time) -> Iterator[Event]:
    """Each customer with its contacts, the main one first."""
    mobiles = iter(range(1007, 10000, 7))
    for customer in customers:
        yield Event(time.moment(customer.since), "customer", customer.firm.domain, customer_values(customer, time))
        for order, post in enumerate(time.rng.sample(POSTS, time.rng.choice([1, 2, 2, 3]))):
            key = f"{customer.firm.domain}.{order}"
            values = contact_values(customer, order, post, next(mobiles), time.rng)
            yield Event(time.moment(customer.since, 18, order), "contact", key, values)
            customer.contacts.append(Ref("contact", key))
        if customer.kind == "lapsed":
            left = time.moment(max(1, min(customer.orders) - LAPSE_DAYS), 8, 30)
            yield Event(left, "customer", customer.firm.domain, {"life": "lapsed", "type": "lapsed"}, changes=True)


def customer_values(customer: Customer, time: Time) -> dict[str, Any]:
    firm, city, rng = customer.firm, customer.firm.city, time.rng
    values: dict[str, Any] = {
        "name": firm.name,
        "short_name": firm.short,
        "kind": "company",
        "type": "vip" if customer.kind == "repeat" and firm.level == "a" else TYPES[customer.kind],
        "stage": _stage(customer),
        "level": firm.level,
        "relation": rng.choice(["close", "good", "good", "fair", "fair", "poor"]),
        "source": rng.choice(SOURCES),
        "industry": firm.industry,
        "employees": firm.employees,
        "region": city.region,
        "address": firm.street,
        "postcode": city.postcode,
        "tel": f"{city.area}-8000{rng.randint(1000, 9999)}",
        "web": f"https://www.{firm.domain}.example",
        "email": f"info@{firm.domain}.example",
        "credit_code": credit_code(city.code, rng),
        "price_level": "wholesale" if firm.level == "a" else "retail",
        "owner": user(customer.seller),
    }
    if firm.level == "a" and customer.kind != "prospect":
        limit = rng.choice([100, 200, 300, 500]) * 1000
        values |= {"credit_limit": Decimal(limit), "credit_days": rng.choice([30, 45, 60])}
    if customer.kind != "lapsed" and rng.random() < 0.6:
        values["next_follow_at"] = time.moment(-rng.randint(-2, 20))
    if rng.random() < 0.5:
        values["tags"] = rng.sample(TAGS, rng.randint(1, 2))
    return values


def _stage(customer: Customer) -> str:
    if not customer.orders:
        return "presales"
    last = min(customer.orders)
    return "contract" if last <= 45 else "service" if last <= 365 else "expired"


def contact_values(
    customer: Customer, order: int, post: tuple[str, str, str], mobile: int, rng: Random
) -> dict[str, Any]:
    title, department, part = post
    man = rng.random() < 0.6
    name = rng.choice(SURNAMES) + rng.choice(MEN if man else WOMEN)
    values: dict[str, Any] = {
        "name": name,
        "customer": customer.ref,
        "kind": "contact" if order else "main",
        "gender": "male" if man else "female",
        "title": title,
        "department_name": department,
        "decision_role": part,
        "attitude": rng.choice(["supports", "supports", "neutral", "unknown", "opposes"]),
        "mobile": f"139 0000 {mobile:04d}",
        "email": f"{''.join(lazy_pinyin(name))}@{customer.firm.domain}.example",
        "owner": user(customer.seller),
    }
    if rng.random() < 0.4:
        values["birthday"] = date(rng.randint(1966, 1996), rng.randint(1, 12), rng.randint(1, 28))
    return values


def credit_code(division: str, rng: Random) -> str:
    """A unified social credit code with the right check character (GB 32100-2015)."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    digits = "".join(rng.choice(signs[:10]) for _ in range(4))
    body = f"91{division}{digits}MA{''.join(rng.choice(signs) for _ in range(3))}"
    rest = sum(signs.index(sign) * pow(3, place, 31) for place, sign in enumerate(body)) % 31
    return body + signs[(31 - rest) % 31]

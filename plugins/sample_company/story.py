"""What happened at the sample company until today, as events in the order of time.

One rule: the same day and the same seed tell the same story, and its figures hang together: a won opportunity is
worth what its order says, an order's lines are priced from the catalogue, who has ordered is no prospect any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lunar_python import Solar
from pypinyin import lazy_pinyin

from yuanke.kernel.decimals import round_half_up

from .catalogue import BASKETS, CATEGORIES, PRODUCTS, SUPPLIERS, Product
from .firms import FIRMS, MEN, POSTS, SURNAMES, WOMEN, Firm
from .people import SELLERS

ZONE = ZoneInfo("Asia/Shanghai")
BY_CODE = {product.code: product for product in PRODUCTS}
#: how many firms: have not ordered for long, order again and again, ordered once; the others are prospects
LAPSED, REPEAT, SIGNED = 5, 14, 20
STAGES = ["initial", "evaluation", "analysis", "design", "tender", "negotiation", "signing"]
SOURCES = ["phone_in", "referral", "own_effort", "existing", "agent", "internet", "internet", "tender"]
TAGS = ["重点", "老客户", "上市公司", "转介绍", "展会认识", "价格敏感", "决策快", "集团采购"]


class Ref(NamedTuple):
    """A record that an earlier event made, or a user by name."""

    entity: str
    key: str


@dataclass(frozen=True)
class Event:
    """A record that came to be at ``moment``; ``values`` may hold `Ref`, also inside lists and rows."""

    moment: datetime
    entity: str
    key: str
    values: Mapping[str, Any]


@dataclass
class Customer:
    """A firm in the story: since when (days ago), in whose hands, and the days ago of its orders."""

    firm: Firm
    since: int
    seller: str
    kind: str  # lapsed | repeat | signed | prospect
    orders: list[int] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)

    @property
    def ref(self) -> Ref:
        return Ref("customer", self.firm.domain)


def events(today: date, seed: int = 20260301) -> list[Event]:
    """The whole story, oldest first."""
    told = Story(today, Random(seed))
    return sorted(told.all(), key=lambda event: event.moment)


class Story:
    def __init__(self, today: date, rng: Random) -> None:
        self.today = today
        self.rng = rng
        self.mobiles = 0
        self.customers = self._customers()

    def all(self) -> Iterator[Event]:
        yield from self.catalogue()
        for customer in self.customers:
            yield self.customer(customer)
            yield from self.contacts(customer)
        yield from self.orders()
        yield from self.pipeline()
        yield from self.tasks()
        yield from self.anniversaries()

    # -- time -----------------------------------------------------------------------------------------------------

    def day(self, days_ago: int) -> date:
        """A working day about so many days ago (never later; the future has negative numbers)."""
        day = self.today - timedelta(days=days_ago)
        return day - timedelta(days=max(0, day.weekday() - 4)) if days_ago > 0 else day

    def moment(self, days_ago: int, hour: int | None = None, minute: int = 0) -> datetime:
        """On that day within working hours, Shanghai time."""
        if hour is None:
            hour, minute = self.rng.randint(9, 17), self.rng.choice([0, 10, 20, 30, 40, 50])
        return datetime.combine(self.day(days_ago), time(hour, minute), ZONE)

    def once_known(self, customer: Customer, moment: datetime) -> datetime:
        """``moment``, but not before the customer and its contacts were entered."""
        return max(moment, self.moment(customer.since, 18, 30))

    # -- what is sold ---------------------------------------------------------------------------------------------

    def catalogue(self) -> Iterator[Event]:
        begin = self.moment(620, 9)
        for order, category in enumerate(CATEGORIES):
            values = {"name": category.name, "code": category.code, "sort": (order + 1) * 10, "manager": Ref("user", "tangyan")}
            if category.parent:
                values["parent"] = Ref("product_category", category.parent)
            yield Event(begin + timedelta(minutes=order), "product_category", category.name, values)
        for order, supplier in enumerate(SUPPLIERS):
            yield Event(begin + timedelta(hours=1, minutes=order), "supplier", supplier.name, {
                "name": supplier.name, "category": supplier.category, "level": supplier.level, "contact_name": supplier.contact,
                "phone": supplier.phone, "address": supplier.address, "pay_days": supplier.pay_days, "lead_days": supplier.lead_days,
                "buyer": Ref("user", "tangyan"), "owner": Ref("user", "tangyan"),
            })
        for order, product in enumerate(PRODUCTS):
            yield Event(begin + timedelta(hours=2, minutes=order), "product", product.code, self._product(product))

    def _product(self, product: Product) -> dict[str, Any]:
        price = Decimal(product.price)
        values: dict[str, Any] = {
            "code": product.code, "name": product.name, "model": product.model, "unit": product.unit, "kind": product.kind,
            "category": Ref("product_category", product.category), "list_price": price, "cost_price": Decimal(product.cost),
            "floor_price": round_half_up(price * 85 / 100, 2), "tax_rate": Decimal(product.tax),
            "stock_kind": "stocked" if product.code.startswith("HW") else "none", "owner": Ref("user", "tangyan"),
        }
        if product.supplier:
            values["supplier"] = Ref("supplier", product.supplier)
        if product.low:
            values |= {"stock_low": product.low, "stock_high": product.low * 6, "watch_stock": product.low >= 30}
        if product.code.startswith(("HW-1", "HW-3")):
            values |= {"warranty_months": 36 if product.code.startswith("HW-1") else 12, "serial_managed": True}
        return values

    # -- customers ------------------------------------------------------------------------------------------------

    def _customers(self) -> list[Customer]:
        kinds = ["lapsed"] * LAPSED + ["repeat"] * REPEAT + ["signed"] * SIGNED
        kinds += ["prospect"] * (len(FIRMS) - len(kinds))
        self.rng.shuffle(kinds)
        return [self._customer(firm, kind) for firm, kind in zip(FIRMS, kinds, strict=True)]

    def _customer(self, firm: Firm, kind: str) -> Customer:
        sellers = SELLERS[firm.city.part]
        seller = self.rng.choices(sellers, [4] * (len(sellers) - 1) + [1])[0]
        if kind == "prospect":
            return Customer(firm, self.rng.randint(1, 120), seller, kind)
        if kind == "lapsed":
            first = self.rng.randint(400, 480)
            return Customer(firm, first + self.rng.randint(30, 80), seller, kind, [first])
        if kind == "signed":
            only = self.rng.randint(3, 240)
            return Customer(firm, only + self.rng.randint(20, 90), seller, kind, [only])
        last = self.rng.randint(2, 120)
        gaps = [self.rng.randint(60, 170) for _ in range(self.rng.choice([1, 1, 2, 2, 3]))]
        found = [last + sum(gaps[:count]) for count in range(len(gaps) + 1)]
        return Customer(firm, found[-1] + self.rng.randint(20, 70), seller, kind, found[::-1])

    def customer(self, customer: Customer) -> Event:
        firm, city = customer.firm, customer.firm.city
        values: dict[str, Any] = {
            "name": firm.name, "short_name": firm.short, "kind": "company", "type": self._type(customer), "stage": self._stage(customer),
            "level": firm.level, "relation": self.rng.choice(["close", "good", "good", "fair", "fair", "poor"]),
            "source": self.rng.choice(SOURCES), "industry": firm.industry, "employees": firm.employees,
            "region": city.region, "address": firm.street, "postcode": city.postcode,
            "tel": f"{city.area}-8000{self.rng.randint(1000, 9999)}", "web": f"https://www.{firm.domain}.example",
            "email": f"info@{firm.domain}.example", "credit_code": credit_code(city.code, self.rng),
            "price_level": "wholesale" if firm.level == "a" else "retail", "owner": Ref("user", customer.seller),
        }
        if firm.level == "a" and customer.kind != "prospect":
            values |= {"credit_limit": Decimal(self.rng.choice([100, 200, 300, 500]) * 1000), "credit_days": self.rng.choice([30, 45, 60])}
        if customer.kind != "lapsed" and self.rng.random() < 0.6:
            values["next_follow_at"] = self.moment(-self.rng.randint(-2, 20))
        if self.rng.random() < 0.5:
            values["tags"] = self.rng.sample(TAGS, self.rng.randint(1, 2))
        return Event(self.moment(customer.since), "customer", firm.domain, values)

    def _type(self, customer: Customer) -> str:
        if customer.kind == "repeat":
            return "vip" if customer.firm.level == "a" else "regular"
        return {"lapsed": "lapsed", "signed": "regular", "prospect": "prospect"}[customer.kind]

    def _stage(self, customer: Customer) -> str:
        if not customer.orders:
            return "presales"
        last = min(customer.orders)
        return "contract" if last <= 45 else "service" if last <= 365 else "expired"

    def contacts(self, customer: Customer) -> Iterator[Event]:
        for order, post in enumerate(self.rng.sample(POSTS, self.rng.choice([1, 2, 2, 3]))):
            title, department, part = post
            man = self.rng.random() < 0.6
            name = self.rng.choice(SURNAMES) + self.rng.choice(MEN if man else WOMEN)
            key = f"{customer.firm.domain}.{order}"
            customer.contacts.append(key)
            self.mobiles += 1
            values: dict[str, Any] = {
                "name": name, "customer": customer.ref, "kind": "contact" if order else "main", "gender": "male" if man else "female",
                "title": title, "department_name": department, "decision_role": part,
                "attitude": self.rng.choice(["supports", "supports", "neutral", "unknown", "opposes"]),
                "mobile": f"139 0000 {1000 + self.mobiles * 7:04d}", "owner": Ref("user", customer.seller),
                "email": f"{''.join(lazy_pinyin(name))}@{customer.firm.domain}.example",
            }
            if self.rng.random() < 0.4:
                values["birthday"] = date(self.rng.randint(1966, 1996), self.rng.randint(1, 12), self.rng.randint(1, 28))
            yield Event(self.moment(customer.since, 18, order), "contact", key, values)

    # -- sales ----------------------------------------------------------------------------------------------------

    def orders(self) -> Iterator[Event]:
        """Every order of the past, the bigger ones with the opportunity that led to it."""
        for customer in self.customers:
            for count, days_ago in enumerate(customer.orders):
                basket = self._basket()
                amount = sum((line_amount(line) for line in basket), Decimal(0))
                key = f"{customer.firm.domain}.{count}"
                won = days_ago < 200 and amount >= 20000
                if won:
                    yield self._won(customer, key, days_ago, amount, basket)
                yield self._order(customer, key, days_ago, basket, Ref("opportunity", f"won.{key}") if won else None)

    def _basket(self) -> list[dict[str, Any]]:
        lines = []
        for code in self.rng.choice(BASKETS):
            product = BY_CODE[code]
            lines.append({
                "product": Ref("product", code), "quantity": self.rng.randint(*product.pack), "price": Decimal(product.price),
                "discount": Decimal(self.rng.choice([0, 0, 0, 5, 5, 8, 10])),
            })
        return lines

    def _order(self, customer: Customer, key: str, days_ago: int, basket: list[dict[str, Any]], opportunity: Ref | None) -> Event:
        signed = self.day(days_ago)
        values: dict[str, Any] = {
            "customer": customer.ref, "contact": Ref("contact", customer.contacts[0]), "subject": self._subject(basket),
            "sign_on": signed, "latest_ship_on": signed + timedelta(days=30), "status": self._status(days_ago),
            "freight": Decimal(self.rng.choice([120, 280, 460])) if any(line["product"].key.startswith("HW") for line in basket) else Decimal(0),
            "settle": self.rng.choice(["full", "instalments", "instalments", "monthly"]), "pay_mode": self.rng.choice(["wire", "online", "acceptance"]),
            "receive_region": customer.firm.city.region, "receive_address": customer.firm.street, "owner": Ref("user", customer.seller),
            "lines": [{**line, "plan_date": signed + timedelta(days=10 + 5 * n)} for n, line in enumerate(basket)],
        }
        if opportunity:
            values["opportunity"] = opportunity
        return Event(self.moment(days_ago, 16, 30), "order", key, values)

    def _status(self, days_ago: int) -> str:
        if days_ago <= 45:
            return "booked" if days_ago <= 6 and self.rng.random() < 0.3 else "running"
        return "finished"

    def _subject(self, basket: list[dict[str, Any]]) -> str:
        lead = BY_CODE[basket[0]["product"].key].name
        return f"{lead}采购" if len(basket) == 1 else f"{lead}等 {len(basket)} 项"

    def _won(self, customer: Customer, key: str, days_ago: int, amount: Decimal, basket: list[dict[str, Any]]) -> Event:
        found = days_ago + self.rng.randint(20, 60)
        values = self._opportunity(customer, basket, amount, found) | {
            "stage": "won", "expect_sign_on": self.day(days_ago), "closed_on": self.day(days_ago),
            "type": "new" if key.endswith(".0") else "add_on",
        }
        return Event(self.once_known(customer, self.moment(found)), "opportunity", f"won.{key}", values)

    def pipeline(self) -> Iterator[Event]:
        """What is being worked on, and what was lost."""
        prospects = [customer for customer in self.customers if customer.kind == "prospect"]
        buyers = [customer for customer in self.customers if customer.kind in ("repeat", "signed")]
        for order, customer in enumerate(self.rng.sample(prospects, 18) + self.rng.sample(buyers, 6)):
            basket = self._basket()
            amount = in_hundreds(basket)
            found = self.rng.randint(1, min(customer.since, 75))
            stage = STAGES[min(len(STAGES) - 1, found // 12 + self.rng.choice([0, 0, 1]))]
            values = self._opportunity(customer, basket, amount, found) | {
                "stage": stage, "expect_sign_on": self.day(-self.rng.randint(3, 75)), "type": "add_on" if customer.orders else "new",
                "next_follow_at": self.moment(-self.rng.randint(0, 12)),
            }
            if order % 12 == 11:
                values["on_hold"] = "parked"
            if order % 9 == 8:
                values["expect_sign_on"] = self.day(self.rng.randint(2, 9))
            yield Event(self.once_known(customer, self.moment(found)), "opportunity", f"open.{order}", values)
        for order, customer in enumerate(self.rng.sample(prospects, 4) + self.rng.sample(buyers, 2)):
            basket = self._basket()
            amount = in_hundreds(basket)
            found = self.rng.randint(2, customer.since)
            closed = self.rng.randint(1, found)
            values = self._opportunity(customer, basket, amount, found) | {
                "stage": "lost", "expect_sign_on": self.day(closed), "closed_on": self.day(closed),
                "lose_reason": self.rng.choice(["price", "competitor", "budget", "cancelled", "product"]),
            }
            yield Event(self.once_known(customer, self.moment(found)), "opportunity", f"lost.{order}", values)

    def _opportunity(self, customer: Customer, basket: list[dict[str, Any]], amount: Decimal, found: int) -> dict[str, Any]:
        return {
            "name": f"{customer.firm.short}{BY_CODE[basket[0]['product'].key].name}项目", "customer": customer.ref,
            "contact": Ref("contact", customer.contacts[0]), "source": self.rng.choice(SOURCES[:-1]), "found_on": self.day(found),
            "expect_amount": amount, "need": self.rng.choice(NEEDS), "products": [dict(line) for line in basket],
            "owner": Ref("user", customer.seller),
        }

    # -- work with customers ----------------------------------------------------------------------------------------

    def tasks(self) -> Iterator[Event]:
        """What everybody did, has to do today, has let slip and has before him."""
        count = 0
        for customer in self.customers:
            for days_ago in sorted({self.rng.randint(1, min(customer.since, 60)) for _ in range(2)}, reverse=True):
                count += 1
                yield self._done(customer, days_ago, f"done.{count}")
        for person, customer in self._today_of_everybody():
            count += 1
            yield self._todo(person, customer, f"todo.{count}", count)

    def _today_of_everybody(self) -> Iterator[tuple[str, Customer]]:
        for part, sellers in SELLERS.items():
            for seller in sellers:
                own = [c for c in self.customers if c.seller == seller] or [c for c in self.customers if c.firm.city.part == part]
                yield from ((seller, self.rng.choice(own)) for _ in range(6))
        big = [customer for customer in self.customers if customer.firm.level == "a"]
        for person in ["chenmo"] * 6 + ["linxiao", "heting", "majun", "tangyan", "luojian", "wuxiaomin"] * 3:
            yield person, self.rng.choice(big)

    def _todo(self, person: str, customer: Customer, key: str, count: int) -> Event:
        kind, subject = TODO[count % len(TODO)]
        days_ahead = [0, 0, -1, 1, 2, 5][count % 6]
        start = self.moment(-days_ahead, [9, 14, 16, 10, 15, 11][count % 6], 30)
        values = {
            "kind": "event" if kind in ("meeting", "dinner") else "todo", "subject": f"{subject}：{customer.firm.short}", "type": kind,
            "customer": customer.ref, "contacts": [Ref("contact", customer.contacts[0])], "start_at": start, "end_at": start + timedelta(hours=1),
            "priority": self.rng.choice(["high", "normal", "normal", "low"]), "remind_before": 30,
            "assignees": [Ref("user", person)], "owner": Ref("user", person),
        }
        made = self.moment(max(1, min(customer.since, self.rng.randint(1, 5))), 18, 40)
        return Event(self.once_known(customer, made), "task", key, values)

    def _done(self, customer: Customer, days_ago: int, key: str) -> Event:
        kind, subject, content, feedback = self.rng.choice(RECORDS)
        start = self.moment(days_ago, 10 + self.rng.randint(0, 5))
        values = {
            "kind": "record", "subject": f"{subject}：{customer.firm.short}", "type": kind, "content": content, "customer": customer.ref,
            "contacts": [Ref("contact", customer.contacts[0])], "start_at": start, "end_at": start + timedelta(minutes=40),
            "status": "done", "done_at": start + timedelta(minutes=40), "result": self.rng.choice(["useful", "useful", "again"]),
            "feedback": feedback, "assignees": [Ref("user", customer.seller)], "owner": Ref("user", customer.seller),
        }
        return Event(self.once_known(customer, start + timedelta(hours=1)), "task", key, values)

    def anniversaries(self) -> Iterator[Event]:
        """Birthdays of main contacts, every third by the lunar calendar, and founding days of firms; some come soon."""
        chosen = self.rng.sample(self.customers, 24)
        for order, customer in enumerate(chosen):
            ahead = [2, 5, 9, 12, 20, 33][order // 4] if order % 4 == 0 else self.rng.randint(15, 350)
            day = self.today + timedelta(days=ahead)
            birthday = order % 4 != 3
            values: dict[str, Any] = {
                "type": "birthday" if birthday else "founding", "customer": customer.ref, "owner": Ref("user", customer.seller),
                "origin_year": self.rng.randint(1966, 1994) if birthday else self.rng.randint(1998, 2016), **yearly_day(day, order % 3 == 0),
                "reminded": [Ref("user", customer.seller)],
            }
            if birthday:
                values["contact"] = Ref("contact", customer.contacts[0])
            values["title"] = "生日" if birthday else "公司成立日"
            yield Event(self.moment(customer.since, 18, 50), "anniversary", f"day.{order}", values)


def line_amount(line: Mapping[str, Any]) -> Decimal:
    """What an order's line is worth: half up to 2 places, as the document rounds it."""
    return round_half_up(line["quantity"] * line["price"] * (100 - line["discount"]) / 100, 2)


def in_hundreds(basket: list[dict[str, Any]]) -> Decimal:
    """What a salesman expects of a basket: its worth in round hundreds."""
    return round_half_up(sum((line_amount(line) for line in basket), Decimal(0)) / 100, 0) * 100


def yearly_day(day: date, lunar: bool) -> dict[str, Any]:
    """Calendar, month and day of an anniversary that falls on ``day``."""
    if not lunar:
        return {"calendar": "solar", "month": day.month, "day": day.day}
    found = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return {"calendar": "lunar", "month": abs(found.getMonth()), "day": found.getDay(), "leap_month": found.getMonth() < 0}


def credit_code(division: str, rng: Random) -> str:
    """A unified social credit code with the right check character (GB 32100-2015)."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "91" + division + "".join(rng.choice(signs[:10]) for _ in range(4)) + "MA" + "".join(rng.choice(signs) for _ in range(3))
    rest = sum(signs.index(sign) * pow(3, place, 31) for place, sign in enumerate(body)) % 31
    return body + signs[(31 - rest) % 31]


NEEDS = [
    "现有客户资料分散在表格里，希望统一管理并按区域授权。",
    "销售外出多，需要手机上查客户、写跟进、提交审批。",
    "仓库靠手工记账，经常缺货，要求扫码出入库。",
    "总部要求看到各分公司的销售漏斗和回款。",
    "机房老旧，需要替换服务器并迁移数据，停机不超过一个周末。",
    "售后工单没有时限，客户投诉多，要能追踪处理过程。",
]

TODO = [
    ("call", "电话回访使用情况"), ("visit", "上门拜访并演示方案"), ("mail", "发送报价与案例"), ("meeting", "项目进度会"),
    ("call", "确认合同条款"), ("demo", "演示移动外勤"), ("visit", "送交合同原件"), ("dinner", "季度答谢晚餐"),
    ("chat", "确认收货时间"), ("bidding", "准备投标文件"), ("call", "催回签收单"),
]

RECORDS = [
    ("call", "电话跟进", "介绍了新版功能，对方关心数据迁移和权限划分。", "希望下周看一次演示。"),
    ("visit", "上门拜访", "与信息部、采购部一起过了需求清单，确认分两期实施。", "预算已列入本季度。"),
    ("demo", "产品演示", "演示客户、机会、订单三个模块，并现场导入了对方的客户表。", "认可导入和查重，要求再看移动端。"),
    ("chat", "微信沟通", "发送报价单与同行业案例。", "价格偏高，要求给到年付优惠。"),
    ("meeting", "商务会谈", "讨论付款方式与验收标准，初步同意三期付款。", "法务需要三天审合同。"),
    ("call", "售后回访", "询问上线后的使用情况，登记两条改进意见。", "总体满意，报表希望能导出。"),
    ("reception", "来访接待", "客户一行三人来公司考察，参观机房和客服中心。", "对服务团队印象好。"),
]

"""Daily work: calls and visits as they were made, what is to be done next, and the reports of the days and weeks."""

from __future__ import annotations

from datetime import date, timedelta

from yuanke.messages.inbox import mark_all_read

from ..people import PEOPLE, SELLERS
from ..work import OTHERS, RECORDS, TODO, WHEN
from .company import Company
from .market import Customer
from .sizes import DAYS

FRIDAY = 4
#: what is older than so many working days everybody has read
READ_DAYS = 3
PRAISE = ["思路清楚，继续跟进大客户。", "注意回款节奏。", "机会推进要有下一步时间。", "不错，保持。"]
MANAGERS = {person.username: person.manager for person in PEOPLE}


def report_work(company: Company) -> None:
    """Calls all over the two years, the tasks of these days, reports of the last weeks."""
    diary, rng = company.diary, company.rng
    for _ in range(company.sizes.records):
        days = 1 + round((DAYS - 20) * rng.random() ** 1.5)
        diary.on(diary.at(diary.ago(days)), _call, company)
    everybody = [seller for sellers in SELLERS.values() for seller in sellers] + OTHERS + ["chenmo"]
    for at in range(company.sizes.todos):
        diary.on(diary.at(diary.working(rng.randint(1, 3)), 18), _plan, company, everybody[at % len(everybody)], at)
    diary.on(diary.at(diary.working(READ_DAYS), 18), _read_all, company)
    _reports(company, [seller for sellers in SELLERS.values() for seller in sellers])


def _call(company: Company) -> None:
    known = [one for one in company.customers if one.contacts]
    if known:
        _done(company, company.rng.choice(known))


def _done(company: Company, customer: Customer) -> None:
    kind, subject, content, feedback = company.rng.choice(RECORDS)
    end = company.diary.now - timedelta(minutes=10)
    company.create(customer.seller, "task", {
        "kind": "record",
        "subject": f"{subject}：{customer.firm.short}",
        "type": kind,
        "content": content,
        "customer": customer.id,
        "contacts": [company.rng.choice(customer.contacts)],
        "start_at": end - timedelta(minutes=40),
        "end_at": end,
        "result": company.rng.choice(["useful", "useful", "again"]),
        "feedback": feedback,
        "assignees": [company.person(customer.seller)],
    })  # fmt: skip


def _plan(company: Company, person: str, at: int) -> None:
    mine = [one for one in company.customers if one.contacts and one.seller == person]
    customer = company.rng.choice(mine or [one for one in company.customers if one.contacts])
    kind, subject = TODO[at % len(TODO)]
    ahead, hour = WHEN[at % len(WHEN)]
    start = company.diary.at(company.diary.today + timedelta(days=ahead), hour, 30)
    company.create(person, "task", {
        "kind": "event" if kind in ("meeting", "dinner") else "todo",
        "subject": f"{subject}：{customer.firm.short}",
        "type": kind,
        "customer": customer.id,
        "contacts": [customer.contacts[0]],
        "start_at": start,
        "end_at": start + timedelta(hours=1),
        "priority": company.rng.choice(["high", "normal", "normal", "low"]),
        "remind_before": 30,
        "assignees": [company.person(person)],
    })  # fmt: skip


def _read_all(company: Company) -> None:
    for person in company.people.values():
        mark_all_read(company.unit, person)


def _reports(company: Company, sellers: list[str]) -> None:
    diary, sizes = company.diary, company.sizes
    for days in range(sizes.daily, -1, -1):
        day = diary.working(days)
        for seller in sellers:
            diary.on(diary.at(day, 17), _report, company, seller, "daily", day, day)
    monday = diary.today - timedelta(days=diary.today.weekday())
    for weeks in range(sizes.weekly, 0, -1):
        start = monday - timedelta(weeks=weeks)
        for seller in sellers:
            diary.on(
                diary.at(start + timedelta(days=FRIDAY), 18),
                _report,
                company,
                seller,
                "weekly",
                start,
                start + timedelta(days=6),
            )


def _report(company: Company, seller: str, kind: str, start: date, end: date) -> None:
    mine = [one for one in company.customers if one.contacts and one.seller == seller] or company.customers[:1]
    names = "、".join(one.firm.short for one in company.rng.sample(mine, min(2, len(mine))))
    made = company.create(seller, "work_report", {
        "kind": kind, "reporter": company.person(seller), "period_start": start, "period_end": end,
        "done": f"跟进 {names}，整理需求和报价。", "plan": f"继续推进 {names}，催一笔到期回款。",
        "score": company.rng.choice([3, 4, 4, 5]),
    })  # fmt: skip
    company.act(seller, "work_report", made, "submit")
    manager = MANAGERS.get(seller)
    if manager and company.chance(0.8):
        company.diary.later(1, _review, company, manager, made)


def _review(company: Company, manager: str, made: int) -> None:
    company.act(
        manager, "work_report", made, "review", comment=company.rng.choice(PRAISE), stars=company.rng.choice([3, 4, 5])
    )

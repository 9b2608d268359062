"""Goods leave the warehouse when they are there, services are delivered after them, and the customer accepts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..goods import BY_CODE
from .company import Company

if TYPE_CHECKING:
    from .selling import Deal

KEEPER = "luojian"
#: every so many-th delivery goes by a carrier with a paper of its own
BY_CARRIER = 0.2


def deliver(company: Company, deal: Deal) -> None:
    company.diary.later(company.rng.randint(2, 12), _ship_when_there, company, deal)


def _ship_when_there(company: Company, deal: Deal) -> None:
    goods = Counter({line["product"].key: line["quantity"] for line in deal.lines if _is_stocked(line["product"].key)})
    if not goods:
        _serve(company, deal)
    elif any(company.stock[code] < count for code, count in goods.items()):
        company.backlog.append((goods, lambda: _ship(company, deal, goods)))
    else:
        _ship(company, deal, goods)


def _is_stocked(code: str) -> bool:
    return code.startswith("HW") and BY_CODE[code].low is not None


def _ship(company: Company, deal: Deal, goods: Counter[str]) -> None:
    company.stock.subtract(goods)
    sent = company.become(KEEPER, "order", deal.id, "shipment") if company.chance(BY_CARRIER) else []
    source = ("shipment", sent[0]) if sent else ("order", deal.id)
    for made in company.become(KEEPER, *source, "stock_out"):
        company.diary.later(0, _issue, company, deal, made, sent[0] if sent else None)


def _issue(company: Company, deal: Deal, issue: int, shipment: int | None) -> None:
    company.act(KEEPER, "stock_out", issue, "confirm")
    if shipment is not None:
        number = f"SF{company.rng.randint(10**11, 10**12 - 1)}"
        company.act(KEEPER, "shipment", shipment, "send", carrier="顺丰速运", tracking_no=number, package_count=2)
        company.diary.later(company.rng.randint(2, 4), company.act, KEEPER, "shipment", shipment, "sign")
    if any(not _is_stocked(line["product"].key) for line in deal.lines):
        company.diary.later(company.rng.randint(2, 15), _serve, company, deal)
    else:
        _done(company, deal)


def _serve(company: Company, deal: Deal) -> None:
    """What does not lie in the warehouse is delivered by whoever sold it."""
    company.become(deal.customer.seller, "order", deal.id, "delivery_record", kind="service")
    _done(company, deal)


def _done(company: Company, deal: Deal) -> None:
    from .money import collect, settle

    deal.delivered = True
    collect(company, deal, "delivered")
    if "accepted" in deal.plans:
        company.diary.later(company.rng.randint(5, 20), _accept, company, deal)
    settle(company, deal)


def _accept(company: Company, deal: Deal) -> None:
    from .money import collect

    company.act(deal.customer.seller, "order", deal.id, "accept", accepted_on=company.diary.day)
    collect(company, deal, "accepted")

"""What customers pay: instalments as the order planned them, mostly in time, some late, a few not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .company import Company

if TYPE_CHECKING:
    from .selling import Deal

CASHIER = "wuxiaomin"
#: which part of the orders is billed when it starts
BILLED = 0.25
#: days behind the due date, and how often
LAGS = [((-4, 3), 60), ((4, 15), 20), ((16, 60), 12), ((61, 150), 5)]
NEVER = 3


def collect(company: Company, deal: Deal, condition: str) -> None:
    """The instalments that this condition makes due are paid some time around their day."""
    if not deal.plans:
        _read_plans(company, deal)
    plan = deal.plans.get(condition)
    if plan is None or plan["asked"]:
        return
    plan["asked"] = True
    ((early, late),) = company.rng.choices([*(lag for lag, _ in LAGS), (None, None)], [*(w for _, w in LAGS), NEVER])
    if early is None or late is None:
        return
    lag = plan["days"] + company.rng.randint(early, late)
    parts = _parts(company, plan["amount"])
    for at, amount in enumerate(parts):
        last = at == len(parts) - 1
        company.diary.later(max(1, lag + 12 * at), _pay, company, deal, plan["id"], amount, last)


def _read_plans(company: Company, deal: Deal) -> None:
    made = company.related("order", deal.id, "plans", "condition", "days", "amount")
    deal.plans = {str(plan["condition"]): {**plan, "asked": False} for plan in made}
    deal.open = len(made)


def _parts(company: Company, amount: Decimal) -> list[Decimal]:
    """Now and then a large instalment comes in two halves."""
    if amount > 50000 and company.chance(0.3):
        first = (amount / 2).quantize(Decimal("0.01"))
        return [first, amount - first]
    return [amount]


def _pay(company: Company, deal: Deal, plan: int, amount: Decimal, last: bool) -> None:
    values: dict[str, Any] = {
        "customer": deal.customer.id,
        "order": deal.id,
        "plan": plan,
        "amount": amount,
        "pay_mode": company.rng.choice(["wire", "online", "online", "acceptance"]),
        "account": company.ids[
            "fund_account", company.rng.choice(["工商银行基本户", "工商银行基本户", "招商银行一般户"])
        ],
        "bank_ref": f"{company.diary.day:%Y%m%d}{company.rng.randint(10**9, 10**10 - 1)}",
    }
    receipt = company.create(deal.customer.seller, "receipt", values)
    company.diary.later(company.rng.choice([0, 0, 1]), _confirm, company, deal, receipt, last)


def _confirm(company: Company, deal: Deal, receipt: int, last: bool) -> None:
    company.act(CASHIER, "receipt", receipt, "confirm")
    if last:
        deal.open -= 1
        settle(company, deal)


def settle(company: Company, deal: Deal) -> None:
    """What is delivered and paid is over."""
    if deal.delivered and deal.open == 0:
        company.diary.later(company.rng.randint(1, 6), _finish, company, deal)


def _finish(company: Company, deal: Deal) -> None:
    customer = deal.customer
    company.act(customer.seller, "order", deal.id, "finish")
    customer.running -= 1
    if not customer.running:
        company.update(customer.seller, "customer", customer.id, {"stage": "service"})


def bill_at_once(company: Company, deal: Deal) -> None:
    """Finance writes the invoice for the whole order some days after it began."""
    if company.chance(BILLED):
        company.diary.later(company.rng.randint(3, 20), _bill, company, deal)


def _bill(company: Company, deal: Deal) -> None:
    customer = deal.customer
    key = ("invoice_title", customer.firm.domain)
    if key not in company.ids:
        values = {
            "customer": customer.id,
            "receive_email": f"fapiao@{customer.firm.domain}.example",
            "is_default": True,
        }
        company.ids[key] = company.create(CASHIER, "invoice_title", values)
    values = {"customer": customer.id, "order": deal.id, "title": company.ids[key], "type": "electronic_special"}
    bill = company.create(CASHIER, "bill", values)
    number = f"{company.diary.day:%y}{company.rng.randint(10**17, 10**18 - 1)}"
    company.act(CASHIER, "bill", bill, "issue", invoice_no=number)

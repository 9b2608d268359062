"""The browser's walker gives what the engine gives, for the formulas that the engine offers to the browser."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from yuanke.expressions import compile

from tests.expressions.world import World

pytestmark = pytest.mark.browser
D = Decimal

RECORDS: list[dict[str, Any]] = [
    {
        "amount": D("276354.80"), "price": D("19.99"), "quantity": D("3"), "rate": D("5"), "name": "恒通", "stage": "won", "hot": True,
        "lines": [
            {"id": 1, "quantity": D("1"), "price": D("168000"), "gift": False, "note": "a", "kind": "a"},
            {"id": 2, "quantity": D("20.333333"), "price": D("0.005"), "gift": True, "note": None, "kind": "b"},
            {"id": 3, "quantity": None, "price": D("7"), "gift": None, "note": "", "kind": None},
        ],
    },
    {"amount": D("-0.005"), "price": D("0"), "quantity": D("-0.333333"), "rate": None, "name": None, "stage": "new", "hot": False, "lines": []},
    {"amount": None, "price": D("1000000.01"), "quantity": D("2.5"), "rate": D("0"), "name": "", "stage": None, "hot": None, "lines": []},
]  # fmt: skip

FORMULAS = [
    "quantity * price", "round(quantity * price * (1 - rate / 100), 2)", "price / 3", "quantity / rate", "amount / price", "round(price / 7, 4)",
    "round(amount, 2)", "round(-quantity, 0)", "floor(quantity)", "ceil(quantity)", "abs(quantity)", "-price + 2", "min(quantity, price, 7)", "max(rate, 1)",
    "coalesce(rate, quantity, 0)", "quantity > 2", "quantity <= rate", "price == 0", "rate != 5", "name == '恒通'", "name != '恒通'",
    "stage == won", "stage != won", "stage in (won, lost)", "not stage == won", "hot and quantity > 0", "not hot", "hot or price > 5",
    "stage.probability", "amount * stage.probability / 100", "price if hot else quantity", "1 if stage == won else 2 if stage == new else 3",
    "sum(lines.quantity)", "sum(lines.quantity * lines.price)", "round(sum(lines.quantity * lines.price), 2)", "count(lines)", "max(lines.price)", "min(lines.quantity)", "avg(lines.price)",
    "sum(lines[gift].price)", "count(lines[kind == a])", "sum(lines[quantity > 1].price) + amount", "exists(lines[gift])",
]  # fmt: skip

WALK = """async ([tree, record]) => {
    const { evaluate } = await import('/scripts/formula.js'), { plain, decimal } = await import('/scripts/decimal.js');
    const scope = (values, parent = null) => ({ parent,
        value: (name) => { const v = values[name]; return v == null ? null : typeof v === 'object' ? decimal(v.n) : v; },
        rows(name) { return (values[name] ?? []).map((row) => scope(row, this)); } });
    const found = evaluate(tree, scope(record));
    return typeof found === 'bigint' ? plain(found) : found;
}"""


def sent(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"n": f"{value:f}"}
    if isinstance(value, dict):
        return {k: sent(v) for k, v in value.items()}
    return [sent(v) for v in value] if isinstance(value, list) else value


def told(value: Any) -> Any:
    """A Decimal as the walker writes it: no exponent, no trailing zeros, twelve places."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        return None if value == "" else value
    text = f"{value.quantize(Decimal(1).scaleb(-12), rounding='ROUND_HALF_UP'):f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def test_the_walker_and_the_engine_agree(open_page) -> None:
    page = open_page("/login")
    compared, differing = 0, []
    for source in FORMULAS:
        expression = compile(source, World())
        tree = expression.tree()
        assert tree is not None, f"{source} is offered to the browser"
        for record in RECORDS:
            ours, theirs = told(expression.evaluate(record)), page.evaluate(WALK, [tree, sent(record)])
            compared += 1
            if ours != theirs:
                differing.append((source, record["stage"], ours, theirs))
    assert compared == len(FORMULAS) * len(RECORDS)
    assert not differing


def test_an_unknown_node_is_empty_rather_than_wrong(open_page) -> None:
    page = open_page("/login")
    assert page.evaluate(WALK, [["+", ["const", "1"], ["surprise", "x"]], {}]) is None


@pytest.mark.parametrize(
    ("typed", "places", "shown"),
    [
        ("1234567.5", 2, "1,234,567.50"), ("－１，２３４", 0, "-1,234"), ("0.005", 2, "0.01"), ("-0.005", 2, "-0.01"), ("¥ 12", None, "12"),
        (".5", None, "0.5"), ("999999999999.9949", 2, "999,999,999,999.99"), ("1.", None, "1"),
    ],
)  # fmt: skip
def test_numbers_are_read_and_shown_exactly(typed: str, places: int | None, shown: str, open_page) -> None:
    page = open_page("/login")
    read = "async ([t, p]) => { const d = await import('/scripts/decimal.js'); return d.pretty(d.decimal(t), p); }"
    assert page.evaluate(read, [typed, places]) == shown


@pytest.mark.parametrize("typed", ["约 800", "1.2.3", "--1", "1e5", "abc", "."])
def test_what_is_no_number_is_not_read_as_one(typed: str, open_page) -> None:
    page = open_page("/login")
    read = "async (t) => { const d = await import('/scripts/decimal.js'); return d.decimal(t) === undefined; }"
    assert page.evaluate(read, typed)

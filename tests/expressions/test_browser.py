"""The tree for the browser says the same as the server, by a walker written from its description alone."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

from yuanke.expressions import ExpressionFailed, ExpressionFault, compile
from yuanke.expressions.exact import CONTEXT
from yuanke.kernel.decimals import divide, round_half_up

from tests.expressions import fuzz
from tests.expressions.test_names import DEAL
from tests.expressions.world import World, linked

D = Decimal
ORDERS = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
NUMBERS = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": divide,
    "%": lambda a, b: CONTEXT.remainder(a, b) if b else None,
    "neg": CONTEXT.minus,
    "floor": lambda a: D(a).to_integral_value("ROUND_FLOOR", CONTEXT),
    "ceil": lambda a: D(a).to_integral_value("ROUND_CEILING", CONTEXT),
    "abs": lambda a: CONTEXT.abs(D(a)),
}
ROWS = {
    "sum": lambda values: sum(values, D(0)),
    "avg": lambda values: divide(sum(values, D(0)), D(len(values))) if values else None,
    "least": lambda values: min(values, default=None),
    "greatest": lambda values: max(values, default=None),
    "count": lambda values: D(len(values)),
    "exists": bool,
}


def walk(node: list[Any], row: dict[str, Any], record: dict[str, Any]) -> Any:
    """What thirty lines of JavaScript will do."""
    name, *parts = node
    if name in ("text", "bool"):
        return parts[0]
    if name == "const":
        return D(parts[0])
    if name == "null":
        return None
    if name in ("field", "outer"):
        return (row if name == "field" else record).get(parts[0])
    if name == "option":
        found = parts[1].get(walk(parts[0], row, record))
        return D(found) if isinstance(found, str) and found[:1] in "-0123456789" else found
    if name == "if":
        return walk(parts[1] if walk(parts[0], row, record) else parts[2], row, record)
    if name in ROWS:
        rows = [one for one in row[parts[0]] if len(parts) < 3 or walk(parts[2], one, row)]
        values = [one if parts[1] is None else walk(parts[1], one, row) for one in rows]
        return ROWS[name]([value for value in values if value is not None and value is not False])
    if name == "in":
        return walk(parts[0], row, record) in [walk(part, row, record) for part in parts[1]]
    if name == "round":
        value = walk(parts[0], row, record)
        return None if value is None else round_half_up(D(value), parts[1])
    return simple(name, [walk(part, row, record) for part in parts])


def simple(name: str, values: list[Any]) -> Any:
    if name in NUMBERS:
        return None if None in values else NUMBERS[name](*values)
    if name in ORDERS:
        return None not in values and ORDERS[name](*values)
    filled = [value for value in values if value is not None]
    return {
        "==": lambda: values[0] == values[1],
        "!=": lambda: values[0] != values[1],
        "and": lambda: all(values),
        "or": lambda: any(values),
        "not": lambda: not values[0],
        "min": lambda: min(filled, default=None),
        "max": lambda: max(filled, default=None),
        "coalesce": lambda: next(iter(filled), None),
        "concat": lambda: "".join(filled),
    }[name]()


def test_the_forms_of_the_tree() -> None:
    forms = {
        "pieces * amount": ["*", ["field", "pieces"], ["field", "amount"]],
        "round(sum(lines.total), 2)": ["round", ["sum", "lines", ["field", "total"]], 2],
        "sum(lines[not gift].quantity * amount)": [
            "sum",
            "lines",
            ["*", ["field", "quantity"], ["outer", "amount"]],
            ["not", ["field", "gift"]],
        ],
        "stage.probability": ["option", ["field", "stage"], {"new": "10", "won": "100", "lost": "0"}],
        "1.50 if stage == won else null": [
            "if",
            ["==", ["field", "stage"], ["text", "won"]],
            ["const", "1.5"],
            ["null"],
        ],
        "count(lines)": ["count", "lines", None],
        "this.amount > 0": [">", ["field", "amount"], ["const", "0"]],
        "max(lines.total)": ["greatest", "lines", ["field", "total"]],
        "customer.credit": None,
        "today() == signed": None,
        "sum(lines.total) > settings.limit": None,
        "count(deal)": None,
        "owner == me": None,
        "sum(lines[total > this.amount].total)": [
            "sum",
            "lines",
            ["field", "total"],
            [">", ["field", "total"], ["outer", "amount"]],
        ],
    }
    for source, wanted in forms.items():
        tree = compile(source, World()).tree()
        assert tree == wanted, source
        assert json.loads(json.dumps(tree)) == tree


def test_the_browser_computes_what_the_server_computes() -> None:
    grammar, deals, compared = fuzz.Grammar(Random(3)), linked(fuzz.rows(Random(5), 12)), 0
    for index in range(700):
        source = grammar.number(3) if index % 3 else grammar.condition(2)
        try:
            expression = compile(source, World())
            tree = expression.tree()
            if tree is None:
                continue
            for deal in deals:
                wanted = expression.evaluate({**deal, **fuzz.VALUES})
                found = walk(tree, deal, deal)
                assert (bool(found) if isinstance(wanted, bool) else found) == wanted, source
            compared += 1
        except (ExpressionFault, ExpressionFailed):
            continue
    assert compared > 100
    assert walk(compile("sum(lines.quantity * amount)", World()).tree() or [], DEAL, DEAL) == D("31.50")


def test_a_row_sees_the_document_that_carries_it() -> None:
    expression = compile("amount * customer.credit", World())
    assert expression.tree() is None
    assert expression.tree(document="customer") == ["*", ["field", "amount"], ["outer", "credit"]]

"""Names: options, links, collections, the record from inside brackets; and what an expression is said to read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from yuanke.expressions import Kind, compile

from tests.expressions.world import World

D = Decimal
LINES = [
    {
        "id": 1,
        "total": D(10),
        "quantity": D(2),
        "price": D(5),
        "gift": False,
        "kind": "a",
        "note": "x",
        "maker": {"id": 5, "level": "a"},
    },
    {"id": 2, "total": D(3), "quantity": D(1), "price": D(3), "gift": True, "kind": "b", "note": None, "maker": None},
    {
        "id": 3,
        "total": None,
        "quantity": D(4),
        "price": None,
        "gift": None,
        "kind": "a",
        "note": "y",
        "maker": {"id": 6, "level": "b"},
    },
]
DEAL: dict[str, Any] = {
    "id": 9,
    "amount": D("4.50"),
    "pieces": 3,
    "stage": "won",
    "before": "new",
    "hot": None,
    "name": "x",
    "lines": LINES,
    "members": [{"id": 2, "age": 30}],
    "owner": {"id": 2, "boss": {"id": 1, "age": 50}},
    "customer": {"id": 5, "name": "甲", "level": "a", "keeper": {"id": 2}},
    "colors": ["red"],
    "me": {"id": 2, "roles": ["boss"], "department": 4, "regions": ["east"]},
    "settings": {"limit": D(4), "strict": True},
    "old": {"stage": "new"},
}


def value(source: str, **more: Any) -> Any:
    return compile(source, World()).evaluate({**DEAL, **more})


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("stage == won", True),
        ("won == stage", True),
        ("stage != before", True),
        ("stage in [new, lost]", False),
        ("stage not in [new, lost]", True),
        ("stage.probability", D(100)),
        ("stage.closed", True),
        ("not before.closed", True),
        ("stage.key", "won"),
        ("stage.order > before.order", True),
        ("stage == (won if hot else lost)", False),
        ("if(hot, new, won) == stage", True),
        ("coalesce(stage, new) == won", True),
        ("old.stage == new and stage == won", True),
        ("red in colors and blue not in colors", True),
        ("boss in me.roles", True),
        ("owner == me", True),
        ("owner.boss.age", D(50)),
        ("owner.boss.boss.age", None),
        ("customer.keeper == me", True),
        ("customer == 5", True),
        ("customer in [5, 7]", True),
        ("'east' in me.regions", True),
        ("amount > settings.limit", True),
        ("me in members", True),
        ("customer in lines.maker", True),
        ("sum(lines.total)", D(13)),
        ("sum(lines[not gift].quantity)", D(6)),
        ("sum(lines.quantity * lines.price)", D(13)),
        ("sum(lines[kind == a].quantity * lines.price)", D(10)),
        ("sum(lines.quantity * amount)", D("31.50")),
        ("count(lines)", D(3)),
        ("count(lines.total)", D(2)),
        ("count(lines.gift)", D(1)),
        ("count(lines[quantity > this.pieces])", D(1)),
        ("count(lines[maker == this.customer])", D(1)),
        ("count(lines[maker.level == this.customer.level])", D(1)),
        ("exists(lines[note == this.name])", True),
        ("avg(lines.quantity)", D("2.333333333333")),
        ("median(lines.quantity)", D(2)),
        ("min(lines.total)", D(3)),
        ("max(lines.note)", "y"),
        ("first(lines, by=quantity).note", None),
        ("last(lines, by=quantity).note", "y"),
        ("last(lines[total != null], by=total).quantity", D(2)),
        ("first(lines.total, by=price)", D(3)),
        ("last(lines, by=price).id", D(1)),
        ("list(lines.note)", ["x", "y"]),
        ("last(lines.quantity, by=id, limit=2)", [D(4), D(1)]),
        ("names(lines.note)", "x、y"),
        ("empty(lines[quantity > 9])", True),
        ("1 < pieces <= 3", True),
    ],
)
def test_names_mean_what_the_dialect_says(source: str, wanted: Any) -> None:
    assert value(source) == wanted


def test_this_inside_brackets_is_the_record_and_nothing_falls_through() -> None:
    from yuanke.expressions import ExpressionFault

    assert value("count(lines[quantity < this.pieces])") == 2
    with pytest.raises(ExpressionFault, match='no "pieces" here'):
        compile("count(lines[quantity < pieces])", World())


def test_whole_entities_are_named_like_collections() -> None:
    expression = compile("count(deal[owner == this.owner and id != this.id])", World())
    assert expression.entities == {"deal"}
    others = [{"id": 9, "owner": {"id": 2}}, {"id": 10, "owner": {"id": 2}}, {"id": 11, "owner": None}]
    assert expression.evaluate({**DEAL, "deal": others}) == 1


def test_an_expression_says_what_it_reads_calls_and_depends_on() -> None:
    expression = compile(
        "round(sum(lines[maker.level == a].total) * customer.credit) + this.amount + stage.probability"
        " if signed < today() and owner == me and old.stage != stage else settings.limit",
        World(),
    )
    assert expression.reads == {
        ("lines", "maker", "level"),
        ("lines", "total"),
        ("customer", "credit"),
        ("amount",),
        ("stage",),
        ("signed",),
        ("owner",),
        ("me",),
        ("old", "stage"),
        ("settings", "limit"),
    }
    assert expression.calls == {"round", "sum", "today"}
    assert expression.volatile == {"today", "me"}
    assert expression.kind.name == "number"
    assert compile("first(lines[kind == a], by=price).note", World()).reads == {
        ("lines", "kind"),
        ("lines", "price"),
        ("lines", "note"),
    }
    assert compile("count(lines[total > this.amount])", World()).reads == {("lines",), ("lines", "total"), ("amount",)}


def test_options_that_are_not_known_take_any_word() -> None:
    class Roles(World):
        def step(self, kind: Kind, name: str) -> Kind | None:
            return Kind("choice") if name == "kind" and kind.of is None else super().step(kind, name)

        def kind_of(self, name: str) -> Kind | None:
            return Kind("link") if name == "about" else super().kind_of(name)

    about = {"id": 5, "@entity": "customer", "kind": "a field of that record"}
    assert compile("about.kind == customer", Roles()).evaluate({"about": about}) is True
    assert compile("about == customer", Roles()).evaluate({"about": about, "customer": {"id": 5}}) is True
    assert compile("about == owner", Roles()).evaluate({"about": about, "owner": {"id": 5}}) is False


def test_a_report_speaks_of_the_rows_of_its_group() -> None:
    rows = [
        {"stage": "won", "amount": D(10), "lines": LINES},
        {"stage": "won", "amount": None, "lines": []},
        {"stage": "lost", "amount": D(5), "lines": LINES},
    ]
    answers = {
        "count()": D(3),
        "count(stage == won)": D(2),
        "sum(amount)": D(15),
        "count(amount)": D(2),
        "avg(amount)": D("7.5"),
        "sum(amount[stage == lost])": D(5),
        "count(stage == won) / count() * 100": D("66.666666666700"),
        "max(stage.probability)": D(100),
        "sum(lines.total)": D(26),
        "exists(stage == new)": False,
    }
    for source, wanted in answers.items():
        assert compile(source, World(), group=True).evaluate({"rows": rows}) == wanted, source

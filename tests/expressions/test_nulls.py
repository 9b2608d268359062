"""None and NULL: one meaning everywhere. The answers are written out, so that both runs cannot be wrong together."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.expressions import compile

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World, linked

D = Decimal
#: amount, price, name, stage, hot, owner of the deals 1 to 4
GIVEN = [
    (D(1), D(1), "a", "won", True, 2),
    (None, None, None, None, None, None),
    (D(1), None, "", "lost", False, 1),
    (None, D(1), "a", None, None, 2),
]
NAMES = ("amount", "price", "name", "stage", "hot", "owner")
NONE: dict[str, Any] = dict.fromkeys(TABLES["deal"].c.keys())
ROWS: dict[str, list[dict[str, Any]]] = {
    "deal": [NONE | {"id": i + 1} | dict(zip(NAMES, given, strict=True)) for i, given in enumerate(GIVEN)],
    "user": [{"id": 1, "name": "甲", "age": 1, "boss": None}, {"id": 2, "name": "乙", "age": None, "boss": 1}],
    "line": [],
    "customer": [],
    "members": [{"id": 1, "deal": 1, "user": 2}, {"id": 2, "deal": 2, "user": 1}],
}
HOLDS = {
    "amount == price": {1, 2},
    "amount != price": {3, 4},
    "not (amount == price)": {3, 4},
    "amount == 1": {1, 3},
    "amount != 1": {2, 4},
    "not (amount == 1)": {2, 4},
    "not (amount != 1)": {1, 3},
    "amount < 2": {1, 3},
    "not (amount < 2)": {2, 4},
    "amount >= price": {1},
    "not (amount >= price)": {2, 3, 4},
    "amount == null": {2, 4},
    "amount != null": {1, 3},
    "amount is null": {2, 4},
    "amount is not null": {1, 3},
    "stage == won": {1},
    "stage != won": {2, 3, 4},
    "stage in [won, new]": {1},
    "stage not in [won, new]": {2, 3, 4},
    "not (stage in [won])": {2, 3, 4},
    "stage in [won, null]": {1, 2, 4},
    "stage not in [won, null]": {3},
    "stage.closed": {1, 3},
    "not stage.closed": {2, 4},
    "stage.open": set(),
    "hot": {1},
    "not hot": {2, 3, 4},
    "hot == true": {1},
    "hot != true": {2, 3, 4},
    "hot == false": {3},
    "hot == null": {2, 4},
    "name == ''": {3},
    "empty(name)": {2, 3},
    "filled(name)": {1, 4},
    "not contains(name, 'a')": {2, 3},
    "name in ['a', null]": {1, 2, 4},
    "owner == me": {1, 4},
    "owner != me": {2, 3},
    "owner.age == null": {1, 2, 4},
    "owner.age != 1": {1, 2, 4},
    "owner.boss.age == 1": {1, 4},
    "owner in members": {1},
    "owner not in members": {2, 3, 4},
    "amount + price == 2": {1},
    "amount + price == null": {2, 3, 4},
    "amount / (price - price) == null": {1, 2, 3, 4},
    "not (amount < 2 and price < 2)": {2, 3, 4},
    "not (amount < 2 or price < 2)": {2},
    "(amount < 2) == (price < 2)": {1, 2},
    "(amount if hot else null) == 1": {1},
    "amount < 2 if hot else price < 2": {1, 4},
    "coalesce(amount, price, 5) == 5": {2},
    "max(amount, price) == 1": {1, 3, 4},
    "1 <= amount <= 1": {1, 3},
    "hot and amount == 1": {1},
    "hot or amount == 1": {1, 3},
    "not (hot or amount == 1)": {2, 4},
    "not not hot": {1},
    "not (not (amount == 1))": {1, 3},
    "null == null": {1, 2, 3, 4},
    "settings.limit == null": set(),
    "asked.since == null": {1, 2, 3, 4},
    "amount != asked.limit": {1, 3},
    "amount == asked.limit": {2, 4},
    "stage in []": set(),
}


@pytest.mark.parametrize(("source", "wanted"), HOLDS.items())
def test_a_condition_in_python(source: str, wanted: set[int]) -> None:
    expression = compile(source, World(), expect="bool")
    found = {deal["id"] for deal in linked(ROWS) if expression.evaluate({**deal, **fuzz.VALUES, "asked": {}})}
    assert found == wanted
    assert all(type(expression.evaluate({**deal, **fuzz.VALUES})) is bool for deal in linked(ROWS))


def test_the_conditions_in_where_under_not_and_selected(filled: Callable[[Any], list[sa.Connection]]) -> None:
    table = TABLES["deal"]
    scope = Tables("deal", table, fuzz.VALUES)
    for connection in filled(ROWS):
        for source, wanted in HOLDS.items():
            expression = compile(source, World(), expect="bool")
            where, certain = expression.sql(scope), expression.sql(scope, certain=True)
            said = f"{connection.dialect.name}: {source}"
            assert set(connection.scalars(sa.select(table.c.id).where(where))) == wanted, said
            assert set(connection.scalars(sa.select(table.c.id).where(sa.not_(certain)))) == {1, 2, 3, 4} - wanted, said
            selected = connection.execute(sa.select(table.c.id, where, certain).order_by(table.c.id)).all()
            assert [(row[0], row[1], row[2]) for row in selected] == [
                (i, i in wanted, i in wanted) for i in (1, 2, 3, 4)
            ], said

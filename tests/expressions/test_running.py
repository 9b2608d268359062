"""Running values: shares add up, nothing is taken twice, each document begins anew."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.expressions import ExpressionFailed, compile, deal_out, needs_dealing

from tests.expressions.world import World

D = Decimal
MONEY = st.decimals(min_value=D(-100000), max_value=D(100000), places=2)
WEIGHTS = st.lists(st.none() | st.decimals(min_value=D(0), max_value=D(1000), places=3), min_size=1, max_size=12)


def dealt(source: str, rows: list[dict[str, object]], places: int = 2) -> list[object]:
    return deal_out(compile(source, World("line")), rows, places)


def test_a_discount_is_spread_by_value_and_the_last_row_takes_the_rest() -> None:
    rows = [{"total": D(text)} for text in ("100", "100", "100")]
    assert dealt("spread(10, total)", rows) == [D("3.33"), D("3.33"), D("3.34")]
    assert dealt("spread(10, total) + 1", rows) == [D("4.33"), D("4.33"), D("4.34")]
    assert dealt("spread(10, total)", [{"total": D(0)}, {"total": None}]) == [D(5), D(5)]
    assert dealt("spread(10, total)", [{"total": D(1)}, {"total": D(0)}]) == [D(10), D(0)]
    assert dealt("spread(null, total)", rows) == [None, None, None]


def test_rows_take_what_is_left_in_their_order() -> None:
    rows = [{"quantity": D(text)} for text in ("4", "5", "6")]
    assert dealt("take(10, quantity)", rows) == [D(4), D(5), D(1)]
    assert dealt("take(-10, quantity)", rows) == [D(-4), D(-5), D(-1)]
    assert dealt("take(3, quantity)", rows) == [D(3), D(0), D(0)]
    assert dealt("running(quantity)", rows) == [D(4), D(9), D(15)]
    assert dealt("take(10, quantity) + take(5, quantity)", rows) == [D(8), D(6), D(1)]


@given(MONEY, WEIGHTS)
@settings(max_examples=100, derandomize=True, database=None, deadline=None)
def test_shares_add_up_to_the_cent(total: Decimal, weights: list[Decimal | None]) -> None:
    shares = dealt("spread(price, total)", [{"price": total, "total": weight} for weight in weights])
    assert sum(shares) == total  # type: ignore[arg-type]
    assert all(share == round(share, 2) for share in shares)  # type: ignore[call-overload]


@given(MONEY, WEIGHTS)
@settings(max_examples=100, derandomize=True, database=None, deadline=None)
def test_no_row_takes_more_than_its_limit_and_all_no_more_than_there_is(
    total: Decimal, limits: list[Decimal | None]
) -> None:
    taken = dealt("take(price, quantity)", [{"price": total, "quantity": limit} for limit in limits])
    assert abs(sum(taken)) <= abs(total)  # type: ignore[arg-type]
    assert all(limit is None or abs(got) <= limit for got, limit in zip(taken, limits, strict=True))  # type: ignore[arg-type]


def test_alone_a_running_value_cannot_be_computed() -> None:
    expression = compile("take(total, quantity)", World("line"))
    assert needs_dealing(expression) and not expression.has_sql and expression.tree() is None
    with pytest.raises(ExpressionFailed, match="take"):
        expression.evaluate({"total": D(1), "quantity": D(1)})

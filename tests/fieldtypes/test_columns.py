"""The column types mean the same on both databases, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.fieldtypes import Place, SampleField, ValueFault, catalogue
from yuanke.fieldtypes.columns import Exact, Json, Span, UtcDateTime, array_has, integer_column

D = Decimal


def table_of(kind: Any) -> sa.Table:
    return sa.Table("held", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("value", kind))


def filled(connection: sa.Connection, kind: Any, values: list[Any]) -> sa.Table:
    table = table_of(kind)
    table.create(connection)
    connection.execute(sa.insert(table), [{"value": value} for value in values])
    return table


def test_the_largest_amount_comes_back_to_the_cent(connection: sa.Connection) -> None:
    amounts = [D("99999999999999.99"), D("-99999999999999.99"), D("9999999999999999.99"), D("0.01")]
    table = filled(connection, Exact(2), amounts)
    assert list(connection.scalars(sa.select(table.c.value).order_by(table.c.id))) == amounts


def test_ten_thousand_times_ten_cents_is_a_thousand(connection: sa.Connection) -> None:
    table = filled(connection, Exact(2), [D("0.10")] * 10_000)
    total = connection.scalar(sa.select(sa.func.sum(table.c.value)))
    assert total == D("1000.00")
    assert isinstance(total, Decimal)


def test_constants_are_compared_at_the_scale_of_the_column(connection: sa.Connection) -> None:
    table = filled(connection, Exact(4), [D("1"), D("2.5"), D("2.5001"), D("10"), None])
    value = table.c.value

    def found(condition: sa.ColumnElement[bool]) -> list[Decimal | None]:
        return list(connection.scalars(sa.select(value).where(condition).order_by(table.c.id)))

    assert found(value == D("2.5")) == [D("2.5")]
    assert found(value > 2) == [D("2.5"), D("2.5001"), D("10")]
    assert found(value.between(D("2.5"), D("2.5001"))) == [D("2.5"), D("2.5001")]
    assert found(value.in_([1, D("10.0")])) == [D("1"), D("10")]
    assert found(value.is_distinct_from(D("10"))) == [D("1"), D("2.5"), D("2.5001"), None]
    assert found(value + D("1.5") >= 4) == [D("2.5"), D("2.5001"), D("10")]
    assert found(value - 1 == 0) == [D("1")]
    assert found(sa.case((value > 2, D("2")), else_=value) == 2) == [D("2.5"), D("2.5001"), D("10")]


def test_numbers_sort_as_numbers(connection: sa.Connection) -> None:
    table = filled(connection, Exact(2), [D("10"), D("-3"), D("9.99")])
    assert list(connection.scalars(sa.select(table.c.value).order_by(table.c.value))) == [D("-3"), D("9.99"), D("10")]


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=9))
@settings(max_examples=200)
def test_what_is_finer_than_the_scale_is_rounded_half_up_away_from_zero(number: Decimal) -> None:
    settled = Exact(6).settle(number)
    assert abs(settled - number) <= D("0.0000005")
    if abs(settled - number) == D("0.0000005"):
        assert abs(settled) > abs(number)


@pytest.mark.parametrize("wrong", [10**16, D("1E+40"), D("NaN"), D("Infinity"), float("inf"), True, "abc", [1], 1 + 2j])
def test_what_does_not_fit_is_refused_and_not_cut(wrong: Any) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        Exact(2).settle(wrong)


def test_more_than_eighteen_digits_are_no_column() -> None:
    with pytest.raises(ValueError, match="18 digits"):
        Exact(2, 19)


def test_the_databases_hold_numeric_and_integer(sqlite: sa.Connection, postgresql: sa.Connection) -> None:
    filled(sqlite, Exact(2), [D("12.34")])
    assert sqlite.exec_driver_sql("SELECT typeof(value), value FROM held").one() == ("integer", 1234)
    filled(postgresql, Exact(2), [D("12.34")])
    shape = (
        "SELECT data_type, numeric_precision, numeric_scale FROM information_schema.columns "
        "WHERE table_name = 'held' AND column_name = 'value'"
    )
    assert postgresql.exec_driver_sql(shape).one() == ("numeric", 18, 2)


def test_instants_are_utc_whole_milliseconds_and_sort_as_they_happened(connection: sa.Connection) -> None:
    beijing = timezone(timedelta(hours=8))
    moments = [
        datetime(2026, 3, 5, 14, 30, 0, 123_999, tzinfo=beijing),
        datetime(2026, 3, 5, 6, 30, 0, 124_000, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        datetime(999, 1, 1, tzinfo=UTC),
    ]
    table = filled(connection, UtcDateTime, moments)
    back = list(connection.scalars(sa.select(table.c.value).order_by(table.c.value)))
    assert back == [moments[3], moments[2], datetime(2026, 3, 5, 6, 30, 0, 123_000, tzinfo=UTC), moments[1]]
    assert all(moment.tzinfo is UTC for moment in back)
    later = sa.select(sa.func.count()).where(table.c.value >= datetime(2026, 3, 5, tzinfo=beijing))
    assert connection.scalar(later) == 2


def test_a_naive_instant_is_refused(sqlite: sa.Connection) -> None:
    with pytest.raises(sa.exc.StatementError, match="aware datetime"):
        filled(sqlite, UtcDateTime, [datetime(2026, 3, 5)])


def test_spans_are_summed(connection: sa.Connection) -> None:
    table = filled(connection, Span(), [timedelta(minutes=90), timedelta(minutes=-30), timedelta(days=400)])
    assert connection.scalar(sa.select(sa.func.sum(table.c.value))) == timedelta(days=400, minutes=60)
    assert connection.scalar(sa.select(sa.func.count()).where(table.c.value > timedelta(hours=1))) == 2


@pytest.mark.parametrize("wrong", [float("nan"), [float("inf")], {"a": "b\x00c"}, {"a\x00": 1}, {"a": {1, 2}}])
def test_json_that_a_reader_would_choke_on_is_refused(connection: sa.Connection, wrong: Any) -> None:
    with connection.begin_nested() as attempt:
        with pytest.raises((sa.exc.StatementError, ValueError, TypeError)):
            filled(connection, Json(), [wrong])
        attempt.rollback()


def test_json_none_is_null_and_text_keeps_its_letters(connection: sa.Connection) -> None:
    values = [None, {"名": ["甲", 1, 2.5, True, None, "\\u0000 as text"]}, [], ""]
    table = filled(connection, Json(), values)
    assert list(connection.scalars(sa.select(table.c.value).order_by(table.c.id))) == values
    assert connection.scalar(sa.select(sa.func.count()).where(table.c.value.is_(None))) == 1


def test_an_array_is_asked_for_one_of_its_keys(connection: sa.Connection) -> None:
    table = filled(connection, Json(), [["a", "b"], ["ab"], ["a'--", "%"], [], None])

    def holding(key: str) -> list[int]:
        return list(connection.scalars(sa.select(table.c.id).where(array_has(table.c.value, key)).order_by(table.c.id)))

    assert holding("a") == [1]
    assert holding("%") == [3]
    assert holding("a'--") == [3]
    not_b = sa.select(table.c.id).where(sa.not_(array_has(table.c.value, "b"))).order_by(table.c.id)
    assert list(connection.scalars(not_b)) == [2, 3, 4, 5]  # an empty field holds nothing, it is not unknown


def test_whole_numbers_have_sixty_four_bits(connection: sa.Connection) -> None:
    table = filled(connection, integer_column(), [2**63 - 1, -(2**63)])
    assert list(connection.scalars(sa.select(table.c.value).order_by(table.c.value))) == [-(2**63), 2**63 - 1]


def test_a_filter_within_a_region_finds_what_lies_below_it(connection: sa.Connection) -> None:
    kind = catalogue()["region"]
    places = ["广东省", "广东省/深圳市", "广东省/深圳市/南山区", "广东省外/某地", "北京市/海淀区", "W%", "WA", None]
    table = filled(connection, kind.column_type(SampleField()), places)

    def within(*asked: str) -> list[str]:
        condition = kind.condition(SampleField(), table.c.value, "within", asked, Place())
        assert condition is not None
        return list(connection.scalars(sa.select(table.c.value).where(condition).order_by(table.c.id)))

    assert within("广东") == ["广东省", "广东省/深圳市", "广东省/深圳市/南山区"]
    assert within("广东省/深圳市", "北京") == ["广东省/深圳市", "广东省/深圳市/南山区", "北京市/海淀区"]
    assert within("W%") == ["W%"]
    assert kind.condition(SampleField(), table.c.value, "eq", ["WA"], Place()) is None


def test_filters_of_several_values_ask_for_all_or_for_any(connection: sa.Connection) -> None:
    kind = catalogue()["tags"]
    table = filled(connection, Json(), [["a", "b"], ["b"], ["ab"], None])

    def found(operator: str, *asked: str) -> list[int]:
        condition = kind.condition(SampleField(), table.c.value, operator, asked, Place())
        assert condition is not None
        return list(connection.scalars(sa.select(table.c.id).where(condition).order_by(table.c.id)))

    assert found("contains", "a", "b") == [1]
    assert found("within", "a", "b") == [1, 2]
    assert found("within") == []
    choices = catalogue()["choices"]
    with pytest.raises(ValueFault):
        choices.condition(SampleField(options={"a": None}), table.c.value, "contains", ["zzz"], Place())

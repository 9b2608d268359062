"""Amounts in capital characters; the expected ones are written by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

AMOUNTS = {
    "57000": "伍万柒仟元整",
    "10050.30": "壹万零伍拾元叁角整",
    "1000001.05": "壹佰万零壹元零伍分",
    "0.07": "柒分",
    "0.50": "伍角整",
    "20000008": "贰仟万零捌元整",
    "0": "零元整",
    "10": "壹拾元整",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "100000000": "壹亿元整",
    "100050000": "壹亿零伍万元整",
    "1234500006789.01": "壹万贰仟叁佰肆拾伍亿零陆仟柒佰捌拾玖元零壹分",
    "-12.345": "负壹拾贰元叁角伍分",
    "-0.001": "零元整",
}


@pytest.fixture(scope="module")
def capital(plugins: Callable[[str], ModuleType]) -> Callable[[Decimal], str]:
    return plugins("capital").capital


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_is_said_in_capitals(capital, amount):
    assert capital(Decimal(amount)) == AMOUNTS[amount]


@given(cents=st.integers(0, 10**17))
def test_no_two_zeros_stand_together_and_the_digits_are_those_of_the_amount(capital, cents):
    said = capital(Decimal(cents) / 100)
    assert "零零" not in said and "零亿" not in said and "零万" not in said
    digits = ["零壹贰叁肆伍陆柒捌玖".index(sign) for sign in said if sign in "壹贰叁肆伍陆柒捌玖"]
    assert digits == [int(digit) for digit in str(cents) if digit != "0"]

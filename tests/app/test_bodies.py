"""JSON from outside: exact, bounded, refused with the reason."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke.web.bodies import Malformed, parse

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_json_can_say_comes_back(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)) == value


def test_a_fraction_keeps_every_digit() -> None:
    assert parse('{"a": 99999999999999.99, "b": 0.1}') == {"a": Decimal("99999999999999.99"), "b": Decimal("0.1")}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 61 + "]" * 61,
        "",
        "{",
        "nul",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "1" * 5000,
        "0." + "1" * 100,
        b"\xff\xfe",
        '"\x01"',
        "[1,]",
        "{'a': 1}",
        "1 2",
    ],
)
def test_what_it_cannot_is_malformed(text: str | bytes) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_brackets_inside_texts_do_not_count() -> None:
    assert parse(json.dumps(["[" * 500, '"\\{' * 300])) == ["[" * 500, '"\\{' * 300]

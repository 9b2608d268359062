"""The example plugin, loaded by its path as any plugin is, brings a field type that works like the platform's."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke.fieldtypes import FieldType, Place, SampleField, ValueFault, catalogue
from yuanke.kernel.hooks import hooks

FILE = Path(__file__).parents[2] / "plugins" / "credit_code.py"
GOOD = ["91350100M000100Y43", "91310000775785552L", "91110000802100433B"]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("credit_code_under_test", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLUGIN = load()


@pytest.fixture
def kind() -> Iterator[FieldType]:
    """The type, out of the catalogue: registered here, unless the application has done so in this process."""
    ours = "credit_code" not in catalogue()
    if ours:
        hooks().register(PLUGIN)
    yield catalogue()["credit_code"]
    if ours:
        hooks().unregister(PLUGIN)


def test_it_joins_the_catalogue_while_it_is_registered(kind: FieldType) -> None:
    assert kind.name == "credit_code"
    assert catalogue()["credit_code"] is kind


def test_codes_in_use_are_taken_however_they_are_written(kind: FieldType) -> None:
    for code in GOOD:
        assert kind.parse(SampleField(), code, Place()) == code
        assert kind.parse(SampleField(), f" {code[:8].lower()} {code[8:].lower()}", Place()) == code
        assert kind.read_cell(SampleField(), kind.write_cell(SampleField(), code, Place()), Place()) == code


@pytest.mark.parametrize(
    "wrong", ["91350100M000100Y4", "91350100M000100YI3", "９１３５０１００Ｍ０００１００Ｙ４３x", 91350100, True]
)
def test_what_is_no_code_is_refused(kind: FieldType, wrong: object) -> None:
    with pytest.raises(ValueFault, match="应为 18 位统一社会信用代码"):
        kind.parse(SampleField(), wrong, Place())


def test_a_wrong_check_letter_is_told_with_the_right_one(kind: FieldType) -> None:
    with pytest.raises(ValueFault, match="末位应为 3"):
        kind.parse(SampleField(), "91350100M000100Y44", Place())


@given(
    first=st.text(PLUGIN.LETTERS, min_size=17, max_size=17),
    place=st.integers(0, 16),
    other=st.sampled_from(PLUGIN.LETTERS),
)
def test_one_wrong_letter_never_passes(first: str, place: int, other: str) -> None:
    right = PLUGIN.check_letter(first)
    mistyped = first[:place] + other + first[place + 1 :]
    assert (PLUGIN.check_letter(mistyped) == right) == (other == first[place])

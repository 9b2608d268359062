"""What goes out comes back: JSON, forms, cells and columns, for every type."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.fieldtypes import FieldType, Unresolved

from tests.fieldtypes.fieldvalues import COLUMNS, PLACES, RAW, LinkValue, spec_of, values_of

by_name = {"ids": lambda kind: kind.name}
CELLS_DO_NOT_CARRY = {"file", "image"}  # files do not travel in cells
LINKS = {"link", "user", "department"}


def test_every_type_with_a_column_is_tried() -> None:
    assert {kind.name for kind in COLUMNS} == set(RAW)


@pytest.mark.parametrize("kind", COLUMNS, **by_name)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_value_comes_back_from_json(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    place = data.draw(st.sampled_from(PLACES))
    sent = json.loads(json.dumps(kind.dump(field, value), allow_nan=False))
    assert kind.parse(field, sent, place) == value


@pytest.mark.parametrize("kind", COLUMNS, **by_name)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_value_comes_back_from_a_form(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    place = data.draw(st.sampled_from(PLACES))
    shown = kind.form_text(field, value, place)
    assert isinstance(shown, str)
    back = kind.parse(field, shown, place)
    if kind.name in ("file", "image"):  # a form carries the ids; names and sizes are the attachment's
        assert ids(back) == ids(value)
    else:
        assert back == value


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind.name not in CELLS_DO_NOT_CARRY], **by_name)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_value_comes_back_from_a_cell(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    place = data.draw(st.sampled_from(PLACES))
    assert kind.read_cell(field, kind.write_cell(field, value, place), place) == value


@pytest.mark.parametrize("kind", COLUMNS, **by_name)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_parsed_value_is_parsed_already(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    place = data.draw(st.sampled_from(PLACES))
    assert kind.parse(field, value, place) == value
    assert kind.settle(field, value, place) == value


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind.name not in LINKS | {"file", "image"}], **by_name)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_people_read_text_and_the_index_keeps_text(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    place = data.draw(st.sampled_from(PLACES))
    for say in (kind.text, kind.search_text, kind.same_text, kind.mask, kind.form_text):
        assert isinstance(say(field, value, place), str)
        assert say(field, None, place) == ""
    assert kind.text(field, value, place) or kind.name == "rich_text"


@pytest.mark.parametrize("kind", COLUMNS, **by_name)
def test_empty_is_empty_everywhere(kind: FieldType) -> None:
    field, place = spec_of(kind), PLACES[0]
    for raw in (None, "", "   "):
        assert kind.parse(field, raw, place) is None
    assert kind.read_cell(field, None, place) is None
    assert kind.read_cell(field, "", place) is None
    assert kind.write_cell(field, None, place) is None
    assert kind.dump(field, None) is None


@pytest.mark.parametrize("kind", COLUMNS, **by_name)
@given(data=st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_comes_back_from_its_column(kind: FieldType, connection: sa.Connection, data: st.DataObject) -> None:
    field = spec_of(kind)
    table = sa.Table(
        "held",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("value", kind.column_type(field)),
    )
    values = [data.draw(values_of(kind)) for _ in range(4)] + [None]
    with connection.begin_nested():
        table.create(connection)
        connection.execute(sa.insert(table), [{"id": place, "value": value} for place, value in enumerate(values)])
        back = list(connection.scalars(sa.select(table.c.value).order_by(table.c.id)))
        empty = connection.scalar(sa.select(sa.func.count()).where(table.c.value.is_(None)))
        table.drop(connection)
    assert back == values
    assert [type(value) for value in back] == [type(value) for value in values]
    assert empty == 1


def test_a_link_leaves_as_its_title_and_comes_back_to_be_looked_up() -> None:
    kind = next(kind for kind in COLUMNS if kind.name == "link")
    link = LinkValue(5, "北京某信息")
    assert kind.dump(spec_of(kind), link) == {"id": 5, "title": "北京某信息"}
    assert kind.parse(spec_of(kind), kind.dump(spec_of(kind), link), PLACES[0]) == 5
    cell = kind.write_cell(spec_of(kind), link, PLACES[0])
    assert cell == "北京某信息"
    assert kind.read_cell(spec_of(kind), cell, PLACES[0]) == Unresolved("北京某信息")


def ids(value: Any) -> list[int]:
    return [file["id"] for file in (value if isinstance(value, list) else [value])]

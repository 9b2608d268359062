"""The JSON Schema of a type is true of what it sends, and what it asks for is taken."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.fieldtypes import FieldType, Place, catalogue

from tests.fieldtypes.fieldvalues import COLUMNS, OPTIONS, LinkValue, Spec, spec_of, values_of

HERE = Place()
TYPES = catalogue()


def sound(schema: dict[str, Any], value: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_what_goes_out_fulfils_the_schema(kind: FieldType, data: st.DataObject) -> None:
    field, value = spec_of(kind), data.draw(values_of(kind))
    sent = json.loads(json.dumps(kind.dump(field, value)))
    sound(kind.json_schema(field), sent)


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_the_sample_of_a_type_is_taken_and_fulfils_what_it_asks_for(kind: FieldType) -> None:
    options = dict.fromkeys(("high", "email", "phone"), OPTIONS["new"])
    field = Spec(options=options, targets=("book",))
    value = kind.parse(field, kind.sample, HERE)
    assert value is not None
    kind.check(field, value)
    if kind.name != "dynamic_link":  # its sample is the short text form
        sound(kind.input_schema(field), kind.sample)


def test_links_that_go_out_fulfil_their_schema() -> None:
    links = [LinkValue(5, "甲"), LinkValue(None, None, hidden=True)]
    for link in links:
        sound(TYPES["link"].json_schema(Spec()), TYPES["link"].dump(Spec(), link))
    sound(TYPES["links"].json_schema(Spec()), TYPES["links"].dump(Spec(), links))
    sound(TYPES["links"].input_schema(Spec()), {"add": [5, {"id": 6, "role": "user"}]})


def test_the_limits_of_a_field_stand_in_its_schema() -> None:
    assert TYPES["text"].json_schema(Spec(length=20))["maxLength"] == 20
    assert TYPES["integer"].json_schema(Spec(min=1, max=5)) == {"type": "integer", "minimum": 1, "maximum": 5}
    assert TYPES["choice"].json_schema(Spec(options=OPTIONS))["enum"] == list(OPTIONS)
    assert TYPES["file"].json_schema(Spec(multiple=True))["type"] == "array"


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_the_keys_of_a_type_are_schemas(kind: FieldType) -> None:
    for schema in kind.keys.values():
        jsonschema.Draft7Validator.check_schema(schema)

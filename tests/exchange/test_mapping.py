"""A mapping is read strictly, all its faults at once, and written back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.exchange.columns import Computed, compile_computed, name_of, number_columns
from yuanke.exchange.mapping import MappingFault, from_plain, read_mapping
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.text import Message

FULL = """
entity: order
file: orders.csv
key: ext_code
columns: {ext_code: OrderID, discount: "=Discount * 100", level: {column: 等级, values: {重点: a}}}
links: {owner: {column: EmployeeID, by: ext_code}, firm: Customer}
rows:
  lines: {file: details.csv, match: OrderID, key: [product], columns: {quantity: Quantity}, links: {product: {column:
  ProductID, by: ext_code}}}
constants: {kind: company, active: no}
when_found: fill
"""


def test_a_mapping_file_is_read_whole(tmp_path):
    path = tmp_path / "orders.yaml"
    path.write_text(FULL, encoding="utf-8")
    mapping = read_mapping(path)
    assert mapping.key == ("ext_code",)
    assert mapping.columns["discount"].expression == "Discount * 100"
    assert mapping.columns["owner"].by == "ext_code" and mapping.columns["firm"].column == "Customer"
    assert mapping.columns["level"].values == {"重点": "a"}
    assert mapping.rows["lines"].match == "OrderID" and mapping.rows["lines"].columns["product"].by == "ext_code"
    assert mapping.constants == {"kind": "company", "active": "no"}  # YAML 1.2: no is a word
    assert from_plain(mapping.plain()) == mapping


@pytest.mark.parametrize(
    "plain, place",
    [
        (None, "entity"),
        ([], "mapping"),
        ({"entity": "a"}, "columns"),
        ({"entity": "a", "columns": {"x": "y"}, "colums": {}}, "colums"),
        ({"entity": "a", "columns": {"x": 5}}, "columns.x"),
        ({"entity": "a", "columns": {"x": {"by": "y"}}}, "columns.x"),
        ({"entity": "a", "columns": {"x": {"column": "y", "bi": "z"}}}, "columns.x.bi"),
        ({"entity": "a", "columns": "x"}, "columns"),
        ({"entity": "a", "columns": {"x": "y"}, "when_found": "merge"}, "when_found"),
        ({"entity": 5, "columns": {"x": "y"}}, "entity"),
        ({"entity": "a", "rows": {"l": {"file": "f", "columns": {"x": "y"}}}}, "rows.l.match"),
        ({"entity": "a", "columns": {5: "y"}}, "columns.5"),
        ({"entity": "a", "columns": {"x": "y"}, "key": [5]}, "key"),
        ({"entity": "a", "rows": {"l": {}}}, "rows.l.columns"),
    ],
)
def test_every_wrong_shape_is_told_with_its_place(plain, place):
    with pytest.raises(MappingFault) as caught:
        from_plain(plain)
    assert place in caught.value.faults


def test_all_faults_are_told_at_once():
    with pytest.raises(MappingFault) as caught:
        from_plain({"columns": {"x": 5, "y": {}}, "key": 7, "empties": "maybe"})
    assert {"entity", "columns.x", "columns.y", "key", "empties"} <= caught.value.faults.keys()


@pytest.mark.parametrize("content", [b"entity: [", b"\xff\xfe\x00", b"a: &a [*a]", b"x" * 300_000, b"[" * 3000])
def test_an_unreadable_mapping_file_is_told(tmp_path, content):
    path = tmp_path / "m.yaml"
    path.write_bytes(content)
    with pytest.raises((MappingFault, DefinitionError)):
        read_mapping(path)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["entity", "columns", "rows", "key", "x", "column", "by"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_breaks_the_reader(plain):
    try:
        mapping = from_plain(plain)
    except MappingFault:
        return
    assert from_plain(mapping.plain()) == mapping


@pytest.mark.parametrize(
    "column, name",
    [
        ("Discount", "Discount"),
        ("年收入(万)", "年收入_万"),
        ("2024", "c_2024"),
        ("First Name", "First_Name"),
        ("class", "c_class"),
        ("***", "c"),
        ("_x", "x"),
    ],
)
def test_columns_have_names_that_expressions_can_say(column, name):
    assert name_of(column) == name


def test_a_column_is_a_number_where_every_filled_cell_is_one():
    header = ["a", "b", "c", "d", "e"]
    rows = [["1", "007", "x", None, 5], ["-2.50", "8", "1", None, 2.5], [None, "9", "2", None, "3"]]
    assert number_columns(header, rows, header) == {"a", "e"}


def test_numbers_that_are_joined_are_taken_as_text():
    made = compile_computed("a + '-' + b", ["a", "b"], {"a", "b"})
    assert isinstance(made, Computed)
    assert made.evaluate({"a": "1", "b": 2}) == "1-2"


def test_a_wrong_expression_says_what_is_wrong_and_suggests():
    made = compile_computed("Discont * 100", ["Discount"], {"Discount"})
    assert isinstance(made, Message)
    assert "Discont" in made.say() and "Discount" in made.say().replace("Discont ", "")

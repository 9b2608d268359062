"""What an enterprise changed goes into a file and out of it again: the same bytes, and the same enterprise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.written import as_yaml, rewritten, says
from yuanke.storage import change, create_enterprise, definitions
from yuanke.storage.overlays import overlay_text

MODULE = Layer.read_text(
    """
module: crm
label: CRM
roles: {sales: 销售, boss: 老板}
entities:
  firm:
    label: 公司
    fields:
      name: {type: text!, label: 名称}
      size: {type: integer, label: 规模}
      level: {label: 级别, options: {a: 甲, b: 乙}}
    views: {list: {columns: [name, size]}}
    permissions: {sales: {read: own, create: true}}
""",
    "crm.yaml",
)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip) | st.sampled_from(
    ["no", "yes", "on", "null", "~", "007", "1e3", "12:30", "0x1f", "-", "a: b", "a #b", "'q'", '"q"', "{x}", "[x]", "*", "&a", "!t", "%", "@", "行\n二"]
)  # fmt: skip
options = words.map(str.strip).filter(lambda key: key and key.isprintable())
numbers = st.integers(-(10**12), 10**12) | st.decimals(-1000, 1000, places=2).map(float)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda k: k not in RESERVED)
RESERVED = {"name", "size", "level", "id", "owner", "department", "version", "me", "this", "old", "self", "settings", "record", "row", "empty", "event", "asked",
            "from", "to", "in", "is", "or", "and", "not", "if", "else", "as", "for", "def", "del", "try", "with", "class", "pass", "while", "lambda", "global", "return", "import"}  # fmt: skip
fields = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "long_text", "date", "bool", "phone"])}, optional={"label": words, "help": words}),
    st.fixed_dictionaries({"type": st.sampled_from(["number", "money"])}, optional={"label": words, "min": numbers}),
    st.fixed_dictionaries({"options": st.dictionaries(options, st.fixed_dictionaries({"label": words}), min_size=1, max_size=3)}, optional={"label": words}),
    st.just({"type": "number", "formula": "size * 2"}),
)  # fmt: skip
overlays = st.fixed_dictionaries(
    {},
    optional={
        "label": words,
        "fields": st.dictionaries(keys, fields, max_size=4).map(lambda made: {**made, "size": {"label": "规模(人)"}}),
        "views": st.just({"list": {"columns+": ["level"]}}),
        "permissions": st.just({"boss": {"read": "all", "export": "all"}, "sales": {"update": "own"}}),
    },
).map(lambda entity: {"entities": {"firm": entity}} if entity else {})


@given(overlays)
@settings(max_examples=60, deadline=None)
def test_a_customization_read_from_its_own_export_is_the_same(overlay: dict[str, Any]) -> None:
    stored = Layer.from_plain("enterprise", "enterprise", overlay)
    text = as_yaml(stored.plain())
    read = Layer.read_text(text, "own.yaml", "enterprise")
    own = Layer("enterprise", "enterprise", read.node, text=read.text)
    assert not read.faults and own.digest == stored.digest
    assert as_yaml(own.plain()) == text
    assert compile_layers([MODULE, own]).digest == compile_layers([MODULE, stored]).digest


@given(overlays, overlays)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_text_rewritten_for_another_overlay_says_exactly_that(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = (Layer.from_plain("enterprise", "enterprise", plain).plain() for plain in (one, other))
    text = "# 说明\n" + as_yaml(before)
    assert says(rewritten(text, after), after)
    assert rewritten(text, before) == text


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_fresh_enterprise_with_the_exported_customizations_equals_the_original(installation) -> None:
    original = create_enterprise(installation, "one", "一", layers=[MODULE])
    copy = create_enterprise(installation, "two", "二", layers=[MODULE])

    def apply(at: Any, own: Layer) -> None:
        change(
            installation,
            at,
            lambda unit: definitions.replaced(definitions.layers_of(unit), own),
            None,
            {"*": "restore"},
        )

    @given(overlays)
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(overlay: dict[str, Any]) -> None:
        apply(original, Layer.from_plain(definitions.OWN, "enterprise", overlay))
        with installation.unit(original) as unit:
            text, wanted = overlay_text(unit), unit.registry
        read = Layer.read_text(text, "export.yaml", "enterprise")
        apply(copy, Layer(definitions.OWN, "enterprise", read.node, file=read.file, text=read.text))
        with installation.unit(copy) as unit:
            assert unit.registry.digest == wanted.digest
            assert {k: e.digest for k, e in unit.registry.entities.items()} == {
                k: e.digest for k, e in wanted.entities.items()
            }
            assert overlay_text(unit) == text

    check()

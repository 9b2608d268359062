"""Layers: what lies over what, who may change what, and what is remembered."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.kernel.diagnostics import Span
from yuanke.metadata import DefinitionError, Layer, check_layers, compile_layers
from yuanke.metadata.compiler import forget
from yuanke.metadata.explain import explain
from yuanke.metadata.faults import Faults
from yuanke.metadata.merge import merge
from yuanke.metadata.node import from_plain

CRM = """
module: crm
label: 客户
roles: {sales: 销售}
menu: {main: {label: 主, items: [customer]}}
entities:
  customer:
    label: 客户
    fields:
      name: {type: text!, label: 名称}
      level: {default: b, options: {a: 重点, b: 普通}}
      note: long_text
    views: {list: {columns: [name, level], sort: name, filters: {key: level == a}}}
    permissions: {sales: {read: team, create: true, update: own}}
"""


def module(text: str, name: str = "") -> Layer:
    return Layer.read_text(text, f"{name or 'm'}.yaml", "module")


def custom(text: str) -> Layer:
    return Layer.read_text(text, "c.yaml", "customization")


def own(data: dict[str, Any]) -> Layer:
    return Layer.from_plain("enterprise", "enterprise", data)


def codes(*layers: Layer) -> list[str]:
    return [d.code for d in check_layers(layers)]


# -- the merge itself -------------------------------------------------------------------------------------------------

words = st.sampled_from(list("abcd"))


def nested(min_size: int) -> st.SearchStrategy[Any]:
    leaves = st.integers(0, 3) | st.sampled_from(["x", "y"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.dictionaries(words, inner, min_size=min_size, max_size=4) | st.lists(st.integers(0, 3), max_size=3)
        ),
        max_leaves=12,
    )


maps = st.dictionaries(words, nested(0), max_size=4)
#: an empty map says nothing, so that nobody can disagree with it
saying = st.dictionaries(words, nested(1), max_size=4)
patches = st.dictionaries(
    words,
    st.recursive(st.none() | st.integers(0, 3), lambda inner: st.dictionaries(words, inner, max_size=4), max_leaves=10),
    max_size=4,
)


def patched(below: Any, patch: Any) -> Any:
    """RFC 7386, the merge as one would say it in words; keys of the patch that take away what is not there say nothing."""
    if not isinstance(patch, dict) or not isinstance(below, dict):
        return copy.deepcopy(patch)
    made = dict(below)
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = patched(made[key], value) if key in made else copy.deepcopy(value)
    return made


def node(data: Any, layer: str) -> Any:
    return from_plain(data, Span(layer), layer)


@settings(max_examples=150, deadline=None)
@given(maps, patches)
def test_a_merge_is_a_merge_patch_and_leaves_both_sides_alone(below: dict[str, Any], patch: dict[str, Any]) -> None:
    lower, upper = node(below, "lower"), node(patch, "upper")
    result = merge(lower, upper, lambda a, b: False, Faults())
    assert result.plain() == patched(below, patch)
    assert lower.plain() == below and upper.plain() == patch


@settings(max_examples=80, deadline=None)
@given(maps)
def test_an_empty_layer_and_the_same_layer_change_nothing(below: dict[str, Any]) -> None:
    for patch in ({}, below):
        faults = Faults()
        assert merge(node(below, "a"), node(patch, "b"), lambda a, b: True, faults).plain() == below
        assert not faults.found


@settings(max_examples=80, deadline=None)
@given(saying, saying, saying)
def test_rivals_either_agree_in_any_order_or_are_told(
    base: dict[str, Any], one: dict[str, Any], two: dict[str, Any]
) -> None:
    def rivals(lower: str, upper: str) -> bool:
        return {lower, upper} == {"one", "two"}

    def both(first: str, second: str) -> tuple[Any, list[str]]:
        faults = Faults()
        said = {"one": one, "two": two}
        made = merge(node(base, "base"), node(said[first], first), rivals, faults)
        return merge(made, node(said[second], second), rivals, faults).plain(), [d.code for d in faults.found]

    (left, told), (right, told_back) = both("one", "two"), both("two", "one")
    assert bool(told) == bool(told_back)
    assert set(told) <= {"E301"}
    if not told:
        assert left == right


# -- layers over layers -----------------------------------------------------------------------------------------------


def test_a_patch_says_only_what_differs() -> None:
    registry = compile_layers(
        [
            module(CRM),
            custom("customization: acme\nentities: {customer: {fields: {name: {label: 公司名, length: 80}}}}"),
        ]
    )
    name = registry.entities["customer"].fields["name"]
    assert (name.label.zh, name.length, name.required, name.type.name, name.custom) == (
        "公司名",
        80,
        True,
        "text",
        False,
    )


def test_a_field_of_a_customization_is_custom_and_stands_on_the_form_behind_its_neighbour() -> None:
    text = (
        CRM.replace("    permissions:", "      form: {sections: {基本: [[name, level], note]}}\n    permissions:")
        .replace("views: {list:", "views:\n      list:")
        .replace("level == a}}}", "level == a}}")
    )
    text = text.replace("list:\n", "list:").replace("      list: {columns", "      list: {columns")
    over = own(
        {
            "entities": {
                "customer": {"fields": {"fax": {"type": "text", "place": {"after": "name"}}, "web": {"type": "url"}}}
            }
        }
    )
    entity = compile_layers([module(text), over]).entities["customer"]
    assert entity.fields["fax"].custom and entity.fields["web"].custom
    assert [k for k in entity.fields if entity.fields[k].source != "system"] == ["name", "fax", "level", "note", "web"]
    assert entity.views["form"].body["sections"][0]["rows"] == (("name", "level"), ("fax",), ("note",), ("web",))


def test_lists_are_replaced_added_to_and_taken_from() -> None:
    def columns(patch: str) -> tuple[str, ...]:
        over = custom(f"customization: acme\nentities: {{customer: {{views: {{list: {{{patch}}}}}}}}}")
        return compile_layers([module(CRM), over]).entities["customer"].views["list"].body["columns"]  # type: ignore[no-any-return]

    assert columns("columns: [level]") == ("level",)
    assert columns("columns+: [note, name]") == ("name", "level", "note")
    assert columns("columns-: [level]") == ("name",)


def test_a_field_taken_away_is_retired_and_keeps_its_type() -> None:
    entity = compile_layers([module(CRM), own({"entities": {"customer": {"fields": {"note": None}}}})]).entities[
        "customer"
    ]
    assert (
        entity.fields["note"].retired
        and entity.fields["note"].type.name == "long_text"
        and entity.fields["note"].has_column
    )
    assert "note" not in {f.key for f in entity.live_fields()}
    assert "note" not in [k for rows in entity.views["form"].body["sections"][0]["rows"] for k in rows]


def test_an_option_taken_away_is_retired_and_keeps_its_label() -> None:
    entity = compile_layers(
        [module(CRM), own({"entities": {"customer": {"fields": {"level": {"options": {"a": None, "c": "新"}}}}}})]
    ).entities["customer"]
    options = entity.fields["level"].options
    assert options is not None
    assert (options["a"].retired, options["a"].label.zh, options["c"].label.zh) == (True, "重点", "新")


def test_what_was_taken_away_can_be_said_again_above() -> None:
    layers = [
        module(CRM),
        custom("customization: acme\nentities: {customer: {fields: {note: null}}}"),
        own({"entities": {"customer": {"fields": {"note": {"type": "text"}}}}}),
    ]
    note = compile_layers(layers).entities["customer"].fields["note"]
    assert not note.retired and note.type.name == "text"


@pytest.mark.parametrize("order", [0, 1])
def test_two_customizations_that_disagree_are_told_with_both_places(order: int) -> None:
    pair = [
        Layer.read_text(
            f"customization: {n}\nentities: {{customer: {{fields: {{name: {{label: {n}}}}}}}}}",
            f"{n}.yaml",
            "customization",
        )
        for n in ("acme", "beta")
    ]
    found = check_layers([module(CRM), *(pair[::-1] if order else pair)])
    assert [d.code for d in found] == ["E301"]
    assert found[0].other is not None and {found[0].span.file, found[0].other.file} == {"acme.yaml", "beta.yaml"}
    assert "over:" in found[0].detail


def test_over_lets_one_customization_win_whatever_the_order_of_files() -> None:
    acme = custom("customization: acme\nover: [beta]\nentities: {customer: {fields: {name: {label: 甲}}}}")
    beta = Layer.read_text(
        "customization: beta\nentities: {customer: {fields: {name: {label: 乙}}}}", "b.yaml", "customization"
    )
    for layers in ([acme, beta], [beta, acme]):
        assert compile_layers([module(CRM), *layers]).entities["customer"].fields["name"].label.zh == "甲"


def test_equal_values_are_no_conflict() -> None:
    acme = custom("customization: acme\nentities: {customer: {fields: {name: {label: 甲}, fax: {type: text}}}}")
    beta = Layer.read_text(
        "customization: beta\nentities: {customer: {fields: {name: {label: 甲}, fax: text}}}", "b.yaml", "customization"
    )
    assert codes(module(CRM), acme, beta) == []


def test_one_takes_away_what_another_changes_is_a_conflict() -> None:
    acme = custom("customization: acme\nentities: {customer: {fields: {note: null}}}")
    beta = Layer.read_text(
        "customization: beta\nentities: {customer: {fields: {note: {label: 备注}}}}", "b.yaml", "customization"
    )
    assert codes(module(CRM), acme, beta) == ["E301"]
    assert codes(module(CRM), beta, acme) == ["E301"]


def test_modules_are_ordered_by_what_they_depend_on_and_may_patch_it() -> None:
    later = module(
        "module: abc\ndepends: [crm]\nentities: {customer: {fields: {name: {length: 50}, orders_count: integer}}}"
    )
    for layers in ([later, module(CRM)], [module(CRM), later]):
        registry = compile_layers(layers)
        assert list(registry.modules) == ["crm", "abc"]
        assert registry.entities["customer"].fields["name"].length == 50
        assert registry.entities["customer"].module == "crm"
        assert not registry.entities["customer"].fields["orders_count"].custom


def test_two_modules_that_do_not_know_each_other_may_not_disagree() -> None:
    one = module("module: one\ndepends: [crm]\nentities: {customer: {fields: {name: {length: 50}}}}", "one")
    two = module("module: two\ndepends: [crm]\nentities: {customer: {fields: {name: {length: 60}}}}", "two")
    assert codes(module(CRM), one, two) == ["E301"]
    two = module("module: two\ndepends: [crm, one]\nentities: {customer: {fields: {name: {length: 60}}}}", "two")
    assert codes(module(CRM), one, two) == []


def test_what_modules_put_into_a_menu_group_adds_up_and_a_customization_replaces_it() -> None:
    one = module(
        "module: one\ndepends: [crm]\nmenu: {main: {items: [order]}}\nentities: {order: {fields: {n: text}, permissions: {sales: {read: all}}}}",
        "one",
    )
    assert compile_layers([module(CRM), one]).menu[0]["items"] == ("customer", "order")
    over = custom("customization: acme\nmenu: {main: {items: [order]}}")
    assert compile_layers([module(CRM), one, over]).menu[0]["items"] == ("order",)


def test_a_role_declared_twice_keeps_its_first_label_with_a_warning_and_a_customization_may_change_it() -> None:
    again = module("module: again\nroles: {sales: {label: 业务员}}", "again")
    assert codes(module(CRM), again) == ["W603"]
    assert compile_layers([module(CRM), again]).roles["sales"].zh == "销售"
    assert (
        compile_layers([module(CRM), custom("customization: acme\nroles: {sales: {label: 业务员}}")]).roles["sales"].zh
        == "业务员"
    )


def test_the_platforms_entities_can_be_added_to_but_not_changed() -> None:
    added = module(CRM + "  user: {fields: {code: {type: text, label: 工号}, name: {label: 名字}}}\n")
    user = compile_layers([added]).entities["user"]
    assert (user.fields["code"].label.zh, user.fields["name"].label.zh, user.module) == ("工号", "名字", "platform")
    for patch in ("fields: {username: {type: email}}", "fields: {name: null}", "number: 'U{seq:4}'"):
        assert codes(module(CRM + f"  user: {{{patch}}}\n")) == ["E306"]
    assert codes(module(CRM + "  user: null\n")) == ["E306"]


def test_a_sealed_value_can_be_repeated_but_not_changed() -> None:
    sealed = module(
        CRM.replace("    label: 客户\n    fields", "    label: 客户\n    sealed: [level, permissions]\n    fields")
    )
    assert codes(sealed, custom("customization: a\nentities: {customer: {fields: {level: {default: a}}}}")) == ["E306"]
    assert codes(sealed, custom("customization: a\nentities: {customer: {fields: {level: null}}}")) == ["E306"]
    assert codes(sealed, custom("customization: a\nentities: {customer: {permissions: {sales: {read: all}}}}")) == [
        "E306"
    ]
    assert codes(sealed, custom("customization: a\nentities: {customer: {fields: {name: {length: 9}}}}")) == []


def test_a_field_may_be_called_sealed() -> None:
    assert (
        codes(
            module(CRM.replace("note: long_text", "sealed: bool")),
            custom("customization: a\nentities: {customer: {fields: {name: {length: 9}}}}"),
        )
        == []
    )


def test_a_layer_whose_module_is_missing_is_told_that_and_nothing_else() -> None:
    lonely = module(
        "module: late\ndepends: [crm]\nentities: {customer: {fields: {x: {type: money, formula: sum(orders.total)}}, permissions: {sales: {read: all}}}}"
    )
    assert codes(lonely) == ["E305"]


def test_formerly_reaches_storage() -> None:
    registry = compile_layers(
        [
            module(
                CRM.replace("note: long_text", "note: {type: long_text, formerly: remark}").replace(
                    "    label: 客户\n    fields", "    label: 客户\n    formerly: client\n    fields"
                )
            )
        ]
    )
    entity = registry.entities["customer"]
    assert entity.more["formerly"] == "client" and entity.fields["note"].more["formerly"] == "remark"


def test_explain_says_who_set_a_value_and_what_it_hides() -> None:
    layers = [
        module(CRM, "crm"),
        custom(
            "customization: acme\nentities:\n  customer:\n    fields:\n      name: {label: 公司名}\n      note: null"
        ),
    ]
    said = explain(layers, "customer.fields.name.label")[0]
    assert (said.value, said.layer, str(said.span)) == ("公司名", "acme", "c.yaml:5:21")
    assert [(value, layer, span.line) for value, span, layer in said.hides] == [("名称", "crm", 10)]
    assert explain(layers, "entities.customer.fields.note")[0].removed
    assert "hides 名称" in said.render()
    with pytest.raises(DefinitionError, match='Did you mean "name"'):
        explain(layers, "customer.fields.nmae")
    assert {s.address for s in explain(layers, "roles")} == {"roles.sales.label"}


def test_an_overlay_is_told_by_the_address_of_its_values() -> None:
    over = own(
        {"entities": {"customer": {"fields": {"fax": {"type": "txt"}, "web": {"type": "text", "formula": "nme"}}}}}
    )
    found = check_layers([module(CRM), over])
    assert [(d.code, str(d.span)) for d in found] == [
        ("E206", "enterprise: entities.customer.fields.fax.type"),
        ("E401", "enterprise: entities.customer.fields.web.formula"),
    ]


def test_an_overlay_may_be_no_deeper_or_bigger_than_a_file() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    for data in (deep, {"entities": {f"e{n}": {"fields": {f"f{m}": "text" for m in range(500)}} for n in range(500)}}):
        layer = own(data)
        assert layer.broken and [d.code for d in check_layers([layer])] == ["E105"]


def test_a_feature_with_nothing_behind_it_stays_on_when_the_layer_is_kept_as_plain_data() -> None:
    text = "module: m\nlabel: m\nentities:\n  a:\n    label: a\n    features:\n      audit:\n      comments:\n    fields: {b: text}\n"
    written = Layer.read_text(text, "m.yaml", "module")
    kept = Layer.from_plain("m", "module", json.loads(json.dumps(written.plain())))
    forget()
    features = compile_layers([kept]).entities["a"].features
    assert {"audit", "comments"} <= set(features) and written.digest == kept.digest
    assert Layer.read_text(text.replace("audit:", "audit: null"), "m.yaml", "module").digest != written.digest

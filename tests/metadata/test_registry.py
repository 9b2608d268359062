"""What the Registry answers: fields, relations, where values come from, defaults for what nobody wrote."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import textwrap
from decimal import Decimal

import pytest
from yuanke.expressions import Expression
from yuanke.metadata import SYSTEM_FIELDS, Entity, Layer, Registry, check_layers, compile_layers
from yuanke.metadata.compiler import forget

HEAD = "module: trial\nlabel: 试验\nroles: {sales: 销售}\nentities:\n"


def registry(entities: str, rest: str = "") -> Registry:
    return compile_layers(
        [Layer.read_text(HEAD + textwrap.indent(textwrap.dedent(entities), "  ") + textwrap.dedent(rest), "trial.yaml")]
    )


def entity(body: str, rest: str = "") -> Entity:
    """The entity ``deal`` with this body."""
    return registry("deal:\n" + textwrap.indent(textwrap.dedent(body), "  ") + "\n" + textwrap.dedent(rest)).entities[
        "deal"
    ]


ORDERS = """
customer:
  fields:
    name: text!
    orders_total: {type: money, formula: "sum(orders[state.valid].total)"}
    lines_total: {type: money, formula: sum(orders.lines.amount)}
    open_orders: {type: integer, formula: "count(orders[due > today()])"}
order:
  label: 订单
  fields:
    customer: {link: customer!}
    state: {default: draft, options: {draft: 草稿, done: {label: 完成, valid: true}}}
    due: date
    discount: {type: percent, default: 0}
    gross: {type: money, formula: sum(lines.gross)}
    cut: {type: money, formula: gross * discount / 100}
    total: {type: money, formula: sum(lines.amount)}
    lines:
      label: 明细
      rows:
        product: text!
        quantity: {type: quantity, default: 1}
        price: price
        gross: {type: money, formula: quantity * price}
        amount: {type: money, formula: gross - order.cut}
        note: {type: text, formula: customer.name}
"""


# -- fields -----------------------------------------------------------------------------------------------------------


def test_a_record_has_the_system_fields_first_with_chinese_labels_and_its_number_behind_the_id() -> None:
    found = entity("number: N{seq:4}\nfields: {name: text!}")
    assert list(found.fields) == ["id", "number", *SYSTEM_FIELDS[1:], "name"]
    assert [found.fields[k].label.zh for k in SYSTEM_FIELDS] == [
        "编号",
        "负责人",
        "所属部门",
        "创建时间",
        "创建人",
        "修改时间",
        "修改人",
        "版本",
        "删除时间",
    ]
    assert {found.fields[k].source for k in (*SYSTEM_FIELDS, "number")} == {"system"}
    assert (found.fields["owner"].targets, found.fields["department"].targets) == (("user",), ("department",))
    assert found.fields["number"].unique == () and found.number is not None and found.number.format == "N{seq:4}"


def test_telling_keys_name_the_type() -> None:
    found = entity(
        """
        fields:
          a: {link: other!}
          b: {links: other, with: {role: {options: [x, y]}}}
          c: {options: [x, y]}
          d: {options: {x: 甲, y: {label: 乙, weight: 3}}, multiple: true}
          e: {rows: {n: integer}}
          f: {link: [deal, other]}
          g: {link: user}
          h: {formula: c == x}
          i: {formula: 1 + 1}
          j: {formula: a}
        """,
        "other: {fields: {name: text!}}",
    )
    types = {k: f.type.name for k, f in found.fields.items() if f.source != "system"}
    assert types == {
        "a": "link", "b": "links", "c": "choice", "d": "choices", "e": "rows", "f": "dynamic_link", "g": "user", "h": "bool", "i": "number", "j": "link",
    }  # fmt: skip
    assert found.fields["a"].required and found.fields["a"].targets == ("other",)
    assert (
        found.fields["d"].multiple
        and found.fields["d"].options is not None
        and found.fields["d"].options["y"].values == {"weight": 3}
    )
    assert found.fields["f"].targets == ("deal", "other")


def test_defaults_and_limits_are_values_of_the_type_or_expressions() -> None:
    found = entity(
        "fields: {n: {type: integer, default: 5, min: 1}, m: {type: money, default: 1.50, max: 10}, d: {type: date, default: =today()}, t: {type: text, default: =name}, name: text}"
    )
    assert (found.fields["n"].default, found.fields["n"].min) == (5, 1)
    assert (found.fields["m"].default, found.fields["m"].max) == (Decimal("1.50"), Decimal(10))
    assert isinstance(found.fields["d"].default, Expression) and found.fields["d"].default.volatile == {"today"}
    assert isinstance(found.fields["t"].default, Expression) and found.fields["t"].default.reads == {("name",)}


def test_other_keys_travel_as_written() -> None:
    found = entity("fields: {p: {type: phone, country: DE, normal: phone}, m: {type: money, currency: USD}}")
    assert found.fields["p"].more == {"country": "DE", "normal": "phone"}
    assert found.fields["m"].more == {"currency": "USD"}


def test_an_option_list_of_a_dictionary_is_that_of_the_dictionary_with_its_tree_flattened() -> None:
    made = registry(
        "deal: {fields: {branch: {options: dictionary branch}}}",
        "\ndictionaries: {branch: {tree: true, options: {it: {label: IT, below: {soft: 软件}}, trade: 贸易}}}",
    )
    options = made.entities["deal"].fields["branch"].options
    assert options is not None and {k: (o.label.zh, o.values) for k, o in options.items()} == {
        "it": ("IT", {}), "soft": ("软件", {"above": "it"}), "trade": ("贸易", {}),
    }  # fmt: skip


def test_a_field_like_another_takes_its_definition_and_may_differ() -> None:
    found = entity(
        "fields: {level: {like: other.level, label: 等级}}",
        "other: {fields: {level: {label: 级别, default: a, options: {a: 甲, b: 乙}}}}",
    )
    level = found.fields["level"]
    assert (
        level.label.zh == "等级"
        and level.options is not None
        and list(level.options) == ["a", "b"]
        and level.default == "a"
    )


def test_a_pattern_is_laid_beneath_and_makes_no_table() -> None:
    made = registry(
        "line: {abstract: true, fields: {quantity: {type: quantity, default: 1}, price: price}}\ndeal: {like: line, fields: {price: {label: 单价}, name: text}}"
    )
    assert "line" not in made.entities
    assert [f.key for f in made.entities["deal"].fields.values() if f.source == "typed"] == [
        "quantity",
        "price",
        "name",
    ]
    assert made.entities["deal"].fields["price"].label.zh == "单价"


def test_labels_come_from_the_file_the_key_and_the_translations() -> None:
    made = registry(
        """
        deal:
          label: 机会
          fields: {close_date: date, stage: {label: 阶段, options: {won_it: 赢单, lost: {}}}, lines: {rows: {unit_price: price}}}
        """,
        """
        translations: {en: {entities.deal.label: Deal, entities.deal.fields.stage.options.won_it.label: Won, entities.deal.fields.lines.rows.unit_price.label: Price each}}
        """,
    )
    deal = made.entities["deal"]
    assert (deal.label.zh, deal.label.en, deal.plural.zh, deal.plural.en) == ("机会", "Deal", "机会", "Deals")
    assert (deal.fields["close_date"].label.zh, deal.fields["close_date"].label.en) == ("Close date", "Close date")
    options = deal.fields["stage"].options
    assert options is not None
    assert (options["won_it"].label.zh, options["won_it"].label.en, options["lost"].label.zh) == ("赢单", "Won", "Lost")
    assert made.entities["deal_lines"].fields["unit_price"].label.en == "Price each"


# -- relations --------------------------------------------------------------------------------------------------------


def test_a_link_gives_its_target_a_collection_named_by_the_plural_or_by_inverse() -> None:
    made = registry(
        "customer: {label: 客户, fields: {name: text!, parent: {link: customer, inverse: branches}}}\nopportunity: {label: 机会, fields: {customer: {link: customer}, bill_to: {link: customer}, partners: {links: customer}}}"
    )
    inverses = made.entities["customer"].inverses
    assert {k: (i.entity, i.field, i.through_pairs) for k, i in inverses.items()} == {
        "branches": ("customer", "parent", False), "opportunities": ("opportunity", "customer", False),
        "bill_to_opportunities": ("opportunity", "bill_to", False), "partners_opportunities": ("opportunity", "partners", True),
    }  # fmt: skip
    assert inverses["opportunities"].label.zh == "机会"
    assert made.entities["opportunity"].fields["customer"].inverse == "opportunities"


def test_inline_rows_are_an_owned_entity_whose_link_is_named_after_the_owner() -> None:
    lines = registry(ORDERS).entities["order_lines"]
    assert (lines.kind, lines.parent, lines.parent_link, lines.label.zh) == (
        "rows",
        ("order", "lines"),
        "order",
        "明细",
    )
    assert list(lines.fields)[:3] == ["id", "order", "position"]
    assert [k for k, f in lines.fields.items() if f.source == "system"] == [
        "id",
        "order",
        "position",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "deleted_at",
    ]
    link = lines.fields["order"]
    assert link.targets == ("order",) and link.on_delete == "cascade" and link.label.zh == "订单"
    assert "form" in lines.views


def test_rows_may_name_an_entity_which_then_has_a_link_to_its_owner() -> None:
    made = registry(
        "order: {fields: {items: {rows: order_item}}}\norder_item: {fields: {n: integer, twice: {type: integer, formula: n * 2}}}"
    )
    item = made.entities["order_item"]
    assert (item.kind, item.parent, item.parent_link) == ("rows", ("order", "items"), "order")
    assert list(item.fields)[:3] == ["id", "order", "position"] and set(SYSTEM_FIELDS) <= set(item.fields)
    assert "order_items" not in made.entities["order"].inverses
    own = registry(
        "order: {fields: {items: {rows: order_item}}}\norder_item: {fields: {belongs_to: {link: order!, label: 所属}}}"
    )
    assert (
        own.entities["order_item"].parent_link == "belongs_to"
        and own.entities["order_item"].fields["belongs_to"].label.zh == "所属"
    )


def test_links_are_pairs_with_the_values_that_hang_on_them() -> None:
    pair = registry(
        "deal: {fields: {contacts: {links: person, with: {role: {options: [buyer, user]}}}}}\nperson: {fields: {name: text!}}"
    ).entities["deal_contacts"]
    assert (pair.kind, pair.parent) == ("pair", ("deal", "contacts"))
    assert list(pair.fields) == ["id", "source", "target", "position", "role"]
    assert (pair.fields["source"].targets, pair.fields["target"].targets) == (("deal",), ("person",))
    assert pair.views == {}


# -- where values come from -------------------------------------------------------------------------------------------


def test_where_a_value_comes_from_follows_from_its_formula() -> None:
    made = registry(ORDERS)
    assert {k: f.source for k, f in made.entities["customer"].fields.items() if f.formula} == {
        "orders_total": "rollup",
        "lines_total": "rollup",
        "open_orders": "computed",
    }
    assert {k: f.source for k, f in made.entities["order"].fields.items() if f.formula} == {
        "gross": "stored",
        "cut": "stored",
        "total": "stored",
    }
    assert {k: f.source for k, f in made.entities["order_lines"].fields.items() if f.formula} == {
        "gross": "stored",
        "amount": "stored",
        "note": "computed",
    }


@pytest.mark.parametrize(
    ("formula", "source"),
    [
        ("n * 2", "stored"), ("stage.weight", "stored"), ("n + settings.days", "stored"), ("today()", "computed"), ("other.n", "computed"),
        ("count(thing[n > 1])", "computed"), ("m + 1", "computed"), ("count(notes)", "rollup"), ("sum(notes.n) / n", "rollup"), ("count(friends)", "stored"),
        ("sum(friends.n)", "computed"), ("sum(notes[other.n > 1].n)", "rollup"), ("sum(notes.late)", "computed"), ("this.n + 1", "stored"), ("count(rowz[late])", "computed"),
    ],
)  # fmt: skip
def test_each_kind_of_formula(formula: str, source: str) -> None:
    made = registry(
        f"""
        deal:
          fields:
            n: integer
            stage: {{options: {{a: {{label: 甲, weight: 3}}}}}}
            other: {{link: thing}}
            friends: {{links: thing, inverse: friend_of}}
            m: {{type: integer, formula: other.n}}
            rowz: {{rows: {{at: date, late: {{type: bool, formula: at < today()}}}}}}
            x: {{formula: '{formula}'}}
        thing: {{fields: {{n: integer}}}}
        note: {{fields: {{deal: {{link: deal}}, n: integer, other: {{link: thing}}, at: datetime, late: {{type: number, formula: 'n if at < now() else 0'}}}}}}
        """,
        "\nsettings: {days: {type: integer, default: 3}}",
    )
    assert made.entities["deal"].fields["x"].source == source


def test_an_overwritable_formula_is_typed_and_refresh_stores_what_reads_the_clock() -> None:
    found = entity(
        "fields: {d: date, a: {type: integer, formula: 3, editable: true}, b: {type: bool, formula: d < today(), refresh: day}, c: {type: bool, formula: b, unique: true}}"
    )
    assert {k: found.fields[k].source for k in "abc"} == {"a": "typed", "b": "stored", "c": "stored"}
    assert found.fields["a"].editable is True and found.fields["b"].editable is False
    assert found.fields["b"].more["refresh"] == "day"


def test_rows_and_record_may_feed_one_another_and_are_computed_sources_first() -> None:
    order = registry(ORDERS).entities["order"]
    assert order.compute_plan == (("lines", "gross"), ("", "gross"), ("", "cut"), ("lines", "amount"), ("", "total"))
    assert order.compute_order == ("gross", "cut", "total")


def test_a_save_knows_which_roll_ups_it_may_move_and_the_way_to_their_holders() -> None:
    made = registry(ORDERS)
    assert made.entities["order"].rollup_paths == (
        ("customer", "lines_total", ("customer",)),
        ("customer", "orders_total", ("customer",)),
    )
    assert made.entities["order_lines"].rollup_paths == (("customer", "lines_total", ("order", "customer")),)
    assert made.entities["order_lines"].rollups == (("customer", "lines_total"),)


def test_a_condition_through_a_link_is_a_source_too() -> None:
    made = registry(
        """
        plan: {fields: {received: {type: money, formula: 'sum(allocations[receipt.state == confirmed].amount)'}}}
        receipt:
          fields:
            state: {options: [draft, confirmed]}
            allocations: {rows: {plan: {link: plan!, inverse: allocations}, amount: money}}
        """
    )
    assert made.entities["receipt_allocations"].rollup_paths == (("plan", "received", ("plan",)),)
    assert made.entities["receipt"].rollup_paths == (("plan", "received", ("allocations", "plan")),)


# -- defaults for what nobody wrote -----------------------------------------------------------------------------------


def test_title_columns_form_and_kanban_have_defaults() -> None:
    found = entity(
        """
        number: N{seq:4}
        fields: {note: long_text, name: text!, a: date, lines: {rows: {n: integer}}, state: {options: [x, y]}, b: money, c: integer, d: bool, code: text}
        workflow: {field: state, transitions: {go: {from: x, to: y}}}
        """
    )
    assert found.title == "name"
    assert found.views["list"].body["columns"] == ("number", "name", "a", "state", "b", "c")
    assert found.views["form"].body["sections"][0]["rows"] == tuple(
        (k,) for k in ("note", "name", "a", "lines", "state", "b", "c", "d", "code")
    )
    assert found.views["kanban"].body == {"by": "state", "card": ("name", "number", "a", "state")}
    assert entity("number: N{seq:4}\nfields: {a: date}").title == "number"
    assert entity("fields: {a: date}").title == "id"


def test_views_are_resolved() -> None:
    found = entity(
        """
        fields: {name: text!, due: date, state: {options: [x, y]}}
        views:
          list: {columns: [name, owner.name], sort: [-due, name], filters: {late: {label: 逾期, where: due < today()}, mine: owner == me}}
          form: {sections: {基本: [[name, due], state], 更多: {label: 其他, rows: []}}}
          pool: {kind: list, label: 公海, where: owner == null, columns: [name]}
        """
    )
    body = found.views["list"].body
    assert body["columns"] == ("name", "owner.name") and body["sort"] == ("-due", "name")
    assert {k: (f["label"].zh, f["where"].source) for k, f in body["filters"].items()} == {
        "late": ("逾期", "due < today()"),
        "mine": ("Mine", "owner == me"),
    }
    assert [(s["label"].zh, s["rows"]) for s in found.views["form"].body["sections"]] == [
        ("基本", (("name", "due"), ("state",))),
        ("其他", ()),
    ]
    assert (found.views["pool"].kind, found.views["pool"].label.zh) == ("list", "公海")
    assert found.views["pool"].body["where"].source == "owner == null"


def test_permissions_are_scopes_by_verb_and_levels_by_field() -> None:
    found = entity(
        """
        fields: {name: text!, cost: money, customer: {link: deal}, tel: phone}
        scopes: {near: name == 'x'}
        permissions:
          sales: {read: [own, near], create: true, update: via customer, delete: false, fields: {"*": read, cost: hidden, tel: {masked: owner == null, reveal: true}}, deny: [export]}
        """
    )
    sales = found.permissions["sales"]
    assert sales.verbs == {"read": ("own", "near"), "create": ("all",), "update": ("via customer",)}
    assert sales.fields == {"*": "read", "cost": "hidden", "tel": "masked"}
    assert sales.deny == {"export"} and sales.more["fields"] == {"tel": {"masked": "owner == null", "reveal": True}}
    assert found.scopes["near"].source == "name == 'x'"


def test_what_acts_ask_are_fields_of_the_entity_or_their_own() -> None:
    found = entity(
        """
        fields: {state: {options: [x, y]}, reason: text, day: date}
        workflow: {field: state, transitions: {go: {from: x, to: y, ask: [reason]}}}
        actions:
          renew:
            ask: {till: {type: date!, label: 到, valid_when: asked.till > day}, why: {like: deal.reason, required: true}, day: {}}
            do: [set: {day: =asked.till}]
        """
    )
    assert found.asks["go"] == {"reason": found.fields["reason"]}
    renew = found.asks["renew"]
    assert (renew["till"].type.name, renew["till"].required, renew["till"].label.zh) == ("date", True, "到")
    assert renew["till"].valid_when is not None and renew["why"].required and renew["day"] is found.fields["day"]


def test_a_formula_may_be_a_shape_of_its_own_in_a_report_and_names_are_checked_there() -> None:
    text = HEAD + "  deal: {fields: {n: integer, state: {options: [a, b]}}, permissions: {sales: {read: all}}}\n"
    report = "reports: {r: {entity: deal, group: [state], show: {deals: count(), won: count(state == a), total: sum(n), mean: total / deals}}}"
    assert check_layers([Layer.read_text(text + report, "t.yaml")]) == []
    wrong = report.replace("sum(n)", "sum(m)")
    assert [d.code for d in check_layers([Layer.read_text(text + wrong, "t.yaml")])] == ["E401"]


def test_the_platform_brings_its_settings_its_people_and_the_role_admin() -> None:
    made = registry("deal: {fields: {name: text!}}")
    assert {"timezone", "currency", "fiscal_month", "week_start", "locale"} <= set(made.settings)
    assert made.settings["fiscal_month"].default == 1
    assert made.roles["admin"].zh == "系统管理员"
    assert {"user", "department", "saved_view", "attachment", "comment", "favourite", "import_job", "export_job", "record_share", "login_log", "audit_log",
            "recycle_item", "message", "reminder", "approval_instance", "approval_task", "api_key", "webhook", "session", "enterprise"} <= set(made.entities)  # fmt: skip
    assert made.entities["user"].system and not made.entities["deal"].system


def test_a_board_like_another_says_only_what_differs() -> None:
    made = registry(
        "deal: {fields: {name: text!}}",
        """
        dashboards:
          one: {label: 甲, rows: [[a, b]], widgets: {a: {list: deal, limit: 5}, b: {links: {deal: {label: 全部}}}}}
          two: {like: one, rows: [[a]], widgets: {a: {limit: 9}, b: null}}
        """,
    )
    assert made.dashboards["two"] == {"label": "甲", "rows": [["a"]], "widgets": {"a": {"list": "deal", "limit": 9}}}


def test_what_roles_see_of_sensitive_classes() -> None:
    made = registry(
        "deal: {fields: {cost: {type: money, sensitive: cost}}}", "\nclasses: {cost: {label: 成本}}\n"
    ).more["sees"]
    assert made == {}
    layer = Layer.read_text("module: m\nclasses: {cost: 成本}\nroles: {boss: {label: 老板, sees: [cost]}}", "m.yaml")
    assert compile_layers([layer]).more["sees"] == {"boss": ("cost",)}


# -- sharing ----------------------------------------------------------------------------------------------------------


def test_nothing_in_a_registry_can_be_assigned() -> None:
    found = entity("fields: {name: text!}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.key = "x"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.fields["name"].required = False  # type: ignore[misc]


def test_equal_layers_share_one_registry_and_equal_entities_one_object() -> None:
    layers = [
        Layer.read_text(HEAD + textwrap.indent(ORDERS, "  "), "a.yaml"),
        Layer.read_text("module: b\nentities: {thing: {fields: {name: text!}}}", "b.yaml"),
    ]
    first = compile_layers(layers)
    assert compile_layers([Layer.from_plain(layer.name, layer.rank, layer.plain()) for layer in layers]) is first
    own = Layer.from_plain("enterprise", "enterprise", {"entities": {"order": {"fields": {"extra": {"type": "text"}}}}})
    second = compile_layers([*layers, own])
    assert second.entities["thing"] is first.entities["thing"]
    assert second.entities["user"] is first.entities["user"]
    assert second.entities["order"] is not first.entities["order"]
    assert second.entities["order"].fields["customer"] is not first.entities["order"].fields["customer"]
    assert second.entities["order_lines"].digest != first.entities["order_lines"].digest  # its formulas read the order


def test_an_entity_is_made_anew_when_what_it_reads_changes() -> None:
    def customer(total: str) -> Entity:
        return registry(ORDERS.replace("total: {type: money, formula: sum(lines.amount)}", total)).entities["customer"]

    stored, computed = (
        customer("total: {type: money, formula: sum(lines.amount)}"),
        customer("total: {type: money, formula: 'sum(lines.amount) if due > today() else 0'}"),
    )
    assert (stored.fields["orders_total"].source, computed.fields["orders_total"].source) == ("rollup", "computed")
    again = customer("total: {type: money, formula: sum(lines.amount)}")
    assert again.fields["orders_total"].source == "rollup"


def test_a_compile_that_reuses_answers_like_one_that_does_not() -> None:
    layers = [Layer.read_text(HEAD + textwrap.indent(ORDERS, "  "), "a.yaml")]
    own = Layer.from_plain(
        "enterprise", "enterprise", {"entities": {"order": {"fields": {"total": {"formula": "sum(lines.gross)"}}}}}
    )
    forget()
    compile_layers(layers)
    reused = compile_layers([*layers, own])
    forget()
    fresh = compile_layers([*layers, own])
    assert reused is not fresh
    for key, one in fresh.entities.items():
        other = reused.entities[key]
        assert (other.digest, other.rollup_paths, other.compute_plan, list(other.inverses)) == (
            one.digest,
            one.rollup_paths,
            one.compute_plan,
            list(one.inverses),
        )
        assert {k: (f.source, f.more, f.label) for k, f in other.fields.items()} == {
            k: (f.source, f.more, f.label) for k, f in one.fields.items()
        }


def test_a_fault_is_told_again_when_the_same_layers_are_compiled_again() -> None:
    layers = [Layer.read_text(HEAD + "  deal: {fields: {n: {type: integer, formula: nn}}}", "t.yaml")]
    assert [[d.code for d in check_layers(layers) if not d.is_warning] for _ in range(2)] == [["E401"], ["E401"]]
    for _ in range(2):
        with pytest.raises(Exception, match="E401"):
            compile_layers(layers)


def test_digests_are_the_same_in_another_process() -> None:
    program = """
import sys
from yuanke.metadata import Layer, compile_layers
made = compile_layers([Layer.read_text(sys.stdin.read(), "t.yaml")])
print(made.digest, *(e.digest for e in made.entities.values()))
"""
    text = HEAD + textwrap.indent(ORDERS, "  ")
    answers = {
        subprocess.run([sys.executable, "-c", program], input=text, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(answers) == 1

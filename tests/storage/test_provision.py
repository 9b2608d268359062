"""Enterprises are made and removed completely."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.storage import Installation, create_enterprise, layers_of, remove_enterprise
from yuanke.storage.live import live_shape
from yuanke.storage.provision import set_state

from tests.conftest import layer_of
from tests.storage.changes import in_process

CRM = """
entities:
  firm:
    label: 公司
    fields:
      name: {type: text!, label: 名称}
      total: {type: money, label: 合计}
      kind: {label: 种类, options: {b: 乙, a: 甲}}
"""


def test_an_enterprise_has_the_tables_of_its_entities_and_keeps_exact_money(enterprise, writing):
    from decimal import Decimal

    with writing(enterprise(CRM)) as unit:
        firm = unit.tables["firm"]
        unit.execute(firm.insert().values(name="甲", total=Decimal("9999999999.99")))
        assert unit.execute(sa.select(firm.c.total)).scalar_one() == Decimal("9999999999.99")


def test_stored_definitions_keep_the_order_they_were_written_in(enterprise, reading):
    with reading(enterprise(CRM)) as unit:
        assert list(unit.registry.entities["firm"].fields["kind"].options) == ["b", "a"]
        assert (
            layers_of(unit)[-1].plain()["entities"]["firm"]["fields"].keys()
            == {"name": None, "total": None, "kind": None}.keys()
        )


def test_an_enterprise_whose_definitions_are_wrong_leaves_nothing_behind(enterprise, installation: Installation):
    from yuanke.kernel.diagnostics import DefinitionError

    with pytest.raises(DefinitionError):
        enterprise("entities: {firm: {fields: {name: no_such_type}}}")
    assert installation.directory.all() == []
    enterprise(CRM)


def test_an_enterprise_that_fails_half_way_leaves_nothing_behind(installation: Installation, enterprise, monkeypatch):
    from yuanke.storage import provision

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(provision.definitions, "write_layers", fail)
        with pytest.raises(OSError):
            enterprise(CRM)
    assert installation.directory.all() == []
    enterprise(CRM)


def test_an_enterprise_whose_making_was_killed_is_not_found_and_can_be_removed(
    installation: Installation, enterprise, database_url, reading
):
    def make(mine: Installation) -> None:
        create_enterprise(mine, "acme", "爱客", layers=[layer_of(CRM)])

    assert in_process(installation.home, database_url, make, YUANKE_FAIL_AT="apply.10") == 137
    with pytest.raises(RecordNotFound):
        installation.enterprise("acme")
    with pytest.raises(Refused):
        enterprise(CRM)
    assert [e.state for e in installation.directory.all()] == ["making"]
    remove_enterprise(installation, "acme")
    with reading(enterprise(CRM)) as unit:
        assert unit.head.state == "active"


def test_a_taken_name_is_refused_however_it_is_spelt(installation: Installation, enterprise):
    enterprise(CRM, slug="acme", label="北京 某信息")
    for slug, label in (("acme", "另一家"), ("other", "北京某信息"), ("third", "ＡＣＭＥ")):
        with pytest.raises(Refused):
            enterprise(CRM, slug=slug, label=label)


def test_a_removed_enterprise_is_gone_and_its_name_is_free(installation: Installation, enterprise, reading):
    made = enterprise(CRM)
    remove_enterprise(installation, "acme")
    with pytest.raises(RecordNotFound), reading(installation.enterprise("acme")):
        pass
    assert not (installation.home / "enterprises" / "acme").exists()
    again = enterprise(CRM)
    assert again == made
    with reading(again) as unit:
        assert unit.connection.scalar(sa.select(sa.func.count()).select_from(unit.tables["firm"])) == 0


def test_a_suspended_enterprise_says_so_at_the_head_of_the_next_unit(installation: Installation, enterprise, reading):
    made = enterprise(CRM)
    set_state(installation, "acme", state="suspended")
    with reading(made) as unit:
        assert unit.head.state == "suspended"
    assert installation.enterprise("acme").state == "suspended"


def test_two_enterprises_do_not_see_each_other(installation: Installation, enterprise, writing, reading):
    one, two = enterprise(CRM, slug="one"), enterprise(CRM, slug="two")
    with writing(one) as unit:
        unit.execute(unit.tables["firm"].insert().values(name="canary"))
    with reading(two) as unit:
        assert unit.connection.scalar(sa.select(sa.func.count()).select_from(unit.tables["firm"])) == 0


def test_modules_come_with_what_they_depend_on(installation: Installation, tmp_path, monkeypatch):
    (tmp_path / "base.yaml").write_text(
        "module: base\nlabel: B\nentities: {a: {label: A, fields: {name: text}}}\n", "utf-8"
    )
    (tmp_path / "top.yaml").write_text(
        "module: top\nlabel: T\ndepends: [base]\nentities: {b: {label: B, fields: {a: {link: a}}}}\n", "utf-8"
    )
    monkeypatch.setenv("YUANKE_MODULES", str(tmp_path))
    made = create_enterprise(installation, "acme", "爱客", modules="top")
    with installation.unit(made) as unit:
        assert {"a", "b"} <= unit.registry.entities.keys()
    with pytest.raises(Refused, match="nothing"):
        create_enterprise(installation, "other", "别家", modules="nothing")


SHAPES = """
entities:
  tag: {label: 标签, fields: {name: {type: text, unique: true}}}
  paper:
    label: 单据
    number: P-{seq:4}
    fields:
      name: {type: text, label: 名称}
      tag: {link: tag, label: 标签}
      tags: {links: tag, label: 多个标签}
      lines: {label: 明细, rows: {tag: {link: tag}, quantity: {type: quantity}}}
      state: {label: 状态, options: [a, b]}
      due: {type: date, label: 日期}
    views:
      list: {columns: [name], sort: -due, filters: {open: {label: 进行中, where: state == a}}}
"""


def test_tables_have_the_indexes_that_their_declarations_call_for(
    installation: Installation, enterprise, reading, dialect
):
    from yuanke.storage.describe import shape_of

    with reading(enterprise(SHAPES)) as unit:
        shape = shape_of(unit.registry, dialect)
        wanted = {name: {(i.columns, i.unique, bool(i.where)) for i in t.indexes.values()} for name, t in shape.items()}
        made = live_shape(unit.connection, unit.enterprise.place)
        assert all(set(made[name].indexes) == set(t.indexes) for name, t in shape.items())
    assert wanted["paper"] == {
        (("number",), True, False),
        (("owner", "id"), False, True),
        (("department", "id"), False, True),
        (("tag", "id"), False, False),
        (("state", "id"), False, True),
        (("due", "id"), False, True),
    }
    assert wanted["paper_lines"] == {(("paper", "position"), False, False), (("tag", "id"), False, False)}
    assert wanted["paper_tags"] == {(("source", "target"), True, False), (("target", "source"), False, False)}
    assert (("name",), True, True) in wanted["tag"]


def test_a_link_to_a_record_that_is_not_there_is_refused_by_the_database(enterprise, writing):
    at = enterprise(SHAPES)
    with pytest.raises(sa.exc.IntegrityError), writing(at) as unit:
        unit.execute(unit.tables["paper"].insert().values(tag=99))

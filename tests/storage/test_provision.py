"""Enterprises are made and removed completely."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.storage import Installation, create_enterprise, layers_of, remove_enterprise
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

"""Killed at any step it is the old or the new, and of two at once one wins."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from yuanke.storage import change, definitions, run_pending_steps, versions
from yuanke.storage.versions import Why

from tests.customizations.conftest import field
from tests.customizations.test_versions import BOTH, MOOD
from tests.storage.changes import changed, crm, in_process, settled, with_field

HEAD = "entities:\n  firm:\n    label: 公司\n    fields:\n      name: {type: text, label: 名称}\n"
NEXT = """version: 2.0.0
entities:
  firm:
    label: 公司
    fields:
      name: {type: text, label: 名称}
      size: {type: integer, label: 规模}
      twice: {type: integer, label: 两倍, formula: size * 2}
migrations:
  2.0.0: [{entity: firm, where: name != null, set: {size: '=len(name)'}}]
"""


@BOTH
def test_a_rollback_killed_anywhere_leaves_the_version_that_ran(installation, enterprise, database_url) -> None:
    at = enterprise(crm(HEAD))
    change(installation, at, lambda unit: with_field(unit, "firm", "fax", "text"), why=Why("Fax"))

    def back(mine) -> None:
        change(mine, "acme", lambda unit: versions.rolled_back(unit, 1), decisions={"*": "restore"})

    for point in range(1, 7):
        assert in_process(installation.home, database_url, back, YUANKE_FAIL_AT=f"apply.{point}") == 137
        with installation.unit(at) as unit:
            assert [v.number for v in versions.versions(unit)] == [2, 1]
            assert "fax" in unit.registry.entities["firm"].fields
            assert settled(unit) == []
    back(installation)
    with installation.unit(at) as unit:
        assert [v.number for v in versions.versions(unit)] == [3, 2, 1]
        assert "fax" not in unit.registry.entities["firm"].fields


@BOTH
def test_a_migration_killed_half_way_goes_on_and_writes_each_record_once(
    installation, enterprise, database_url, monkeypatch
) -> None:
    at = enterprise(crm("version: 1.0.0\n" + HEAD))
    with installation.unit(at, write=True) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"name": "x" * n} for n in range(1, 8)])

    def upgrade_and_run(mine) -> None:
        from yuanke.storage import steps

        steps.CHUNK = 3
        changed(mine, mine.enterprise("acme"), NEXT)
        run_pending_steps(mine, "acme")

    assert in_process(installation.home, database_url, upgrade_and_run, YUANKE_FAIL_AT="apply.7") == 137
    with installation.unit(at) as unit:
        assert unit.registry.modules["crm"].version == "2.0.0"
    assert run_pending_steps(installation, at) == 0
    with installation.unit(at) as unit:
        firm = unit.tables["firm"]
        rows = unit.execute(sa.select(firm.c.size, firm.c.twice).order_by(firm.c.id)).tuples().all()
        assert rows == [(n, 2 * n) for n in range(1, 8)]
        assert settled(unit) == []


@BOTH
def test_of_two_administrators_one_wins_and_the_other_sees_what_changed(app, caller) -> None:
    admins = [caller("root"), caller("root")]
    bodies = [MOOD, field("weather", "text")]
    plans = [a.post("/customizations/plan", b).json for a, b in zip(admins, bodies)]
    answers: list = [None, None]
    for admin in admins:
        admin.watch = None  # two at once: what one changes is not the other's refusal

    def run(number: int) -> None:
        made = plans[number]
        path = f"/customizations/apply?digest={made['digest']}&version={made['version']}&reason=n{number}"
        answers[number] = admins[number].post(path, bodies[number])

    threads = [threading.Thread(target=run, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200, 409], [a.text for a in answers]
    winner = codes.index(200)
    (told,) = answers[1 - winner].json["changes"]
    assert told["reason"] == f"n{winner}" and told["differences"][0]["path"].startswith("entities.note.fields.")
    assert admins[0].get("/customizations").json == bodies[winner]


def test_what_an_enterprise_of_an_earlier_product_had_becomes_its_first_version(installation, enterprise) -> None:
    at = enterprise(crm(HEAD))
    with installation.unit(at, write=True) as unit:
        for table in (versions.VERSION, versions.KEPT):
            table.drop(unit.connection)
    with installation.unit(at) as unit:
        assert versions.versions(unit) == []
    change(installation, at, lambda unit: with_field(unit, "firm", "fax", "text"))
    with installation.unit(at) as unit:
        assert [(v.number, v.kind) for v in versions.versions(unit)] == [(2, "change"), (1, "start")]
        assert versions.overlay_at(unit, 1) == {}
    change(installation, at, lambda unit: versions.rolled_back(unit, 1), decisions={"*": "restore"})


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_layer_is_kept_once_however_often_it_returns(installation, enterprise) -> None:
    at = enterprise(crm(HEAD))
    for _ in (1, 2):
        change(installation, at, lambda unit: with_field(unit, "firm", "fax", "text"), decisions={"*": "restore"})
        change(installation, at, lambda unit: versions.rolled_back(unit, 1), decisions={"*": "restore"})
    with installation.unit(at) as unit:
        assert len(unit.execute(sa.select(versions.KEPT.c.mark)).all()) == 1
        assert [layer.rank for layer in versions.layers_at(unit, 2)] == ["module", "enterprise"]
        assert definitions.own_layer(versions.layers_at(unit, 4)).plain()

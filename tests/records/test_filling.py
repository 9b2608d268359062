from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from yuanke.jobs import run_pending
from yuanke.kernel import clock
from yuanke.metadata import Layer
from yuanke.records import Query
from yuanke.records.filling import new_day
from yuanke.storage import definitions
from yuanke.storage.apply import change
from yuanke.storage.steps import run_pending_steps


def _patch(company: Any, text: str) -> None:
    def layers(unit: Any) -> list[Layer]:
        return definitions.replaced(definitions.layers_of(unit), Layer.read_text(text, "own.yaml", "enterprise"))

    change(company.installation, company.at, layers)


def _overlay(body: str) -> str:
    return "entities:\n" + body


def test_a_new_stored_formula_is_right_at_once_and_filled_by_and_by(company: Any) -> None:
    with company.as_("boss") as door:
        firm, pen = door.create("firm", {"name": "甲", "level": "a"}).id, door.create("product", {"name": "笔"}).id
        door.create("deal", {"firm": firm, "lines": [{"product": pen, "price": 50}]})
    _patch(
        company,
        _overlay(
            "  firm:\n    fields:\n      double: {type: number, formula: level.weight * 2}\n      deals_count: {type: integer, formula: count(deals)}\n"
        ),
    )
    with company.as_("boss", write=False) as door:
        assert door.get("firm", firm).values["double"] == Decimal(6)
        assert door.list("firm", Query(filter="double == 6 and deals_count == 1")).count == 1
    assert run_pending_steps(company.installation, company.at) == 0
    with company.as_("boss") as door:
        assert door.list("firm", Query(filter="double == 6 and deals_count == 1")).count == 1
        assert door.get("firm", firm).version == 1, "filling is no save"
        row = door.unit.execute(
            sa.select(door.unit.tables["firm"].c.double, door.unit.tables["firm"].c.deals_count)
        ).one()
        assert tuple(row) == (Decimal(6), 1)
        door.update("firm", firm, {"level": "b"})
        assert door.get("firm", firm).values["double"] == Decimal(2)


def test_a_newly_searchable_field_is_found_after_its_job(company: Any) -> None:
    _patch(company, _overlay("  firm: {fields: {secret: {searchable: false}}}\n"))
    with company.as_("boss") as door:
        door.create("firm", {"name": "甲", "secret": "孔雀蓝"})
        assert door.search("孔雀") == []
    _patch(company, _overlay("  firm: {fields: {secret: {searchable: true}}}\n"))
    run_pending(company.installation, company.at)
    with company.as_("boss", write=False) as door:
        assert [hit.title for hit in door.search("孔雀")] == ["甲"]


def test_a_formula_of_the_day_moves_with_the_day(company: Any) -> None:
    _patch(company, _overlay("  deal: {fields: {age: {type: integer, formula: today() - signed_on, refresh: day}}}\n"))
    with clock.stopped(datetime(2026, 3, 1, 4, tzinfo=UTC)), company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        deal = door.create("deal", {"firm": firm, "signed_on": "2026-02-27"})
        assert deal.values["age"] == 2
    with clock.stopped(datetime(2026, 3, 5, 4, tzinfo=UTC)):
        for _ in range(2):
            with company.installation.unit(company.at, write=True) as unit:
                new_day(unit)
        run_pending(company.installation, company.at)
        with company.as_("boss", write=False) as door:
            assert door.list("deal", Query(filter="age == 6")).count == 1 and door.get("deal", deal.id).version == 1


def test_a_renamed_field_keeps_its_history_and_is_still_found(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲", "phone": "13800138000"}).id
    _patch(company, _overlay("  firm: {fields: {mobile: {type: phone, formerly: phone, searchable: true}}}\n"))
    run_pending(company.installation, company.at)
    with company.as_("boss", write=False) as door:
        assert door.get("firm", firm).values["mobile"] is not None
        assert "mobile" in door.history("firm", firm)[0].changes
        assert door.search("13800138000")


def test_the_day_moves_what_it_gave_and_leaves_what_a_person_typed(company: Any) -> None:
    body = "  firm:\n    fields:\n      age:\n        options: {fresh: 新, old: 旧, rare: 少见}\n        editable: true\n        refresh: day\n"
    _patch(company, _overlay(body + "        formula: old if date(created_at) < today() - days(30) else fresh\n"))
    with clock.stopped(datetime(2026, 3, 1, 4, tzinfo=UTC)), company.as_("boss") as door:
        left, typed = (door.create("firm", {"name": name}).id for name in "甲乙")
        door.update("firm", typed, {"age": "rare"})
        assert [door.get("firm", one).values["age"] for one in (left, typed)] == ["fresh", "rare"]
    for month, wanted in ((3, "fresh"), (5, "old"), (6, "old")):
        with clock.stopped(datetime(2026, month, 20, 4, tzinfo=UTC)):
            with company.as_("boss") as door:
                new_day(door.unit)
            run_pending(company.installation, company.at)
            with company.as_("boss", write=False) as door:
                assert [door.get("firm", one).values["age"] for one in (left, typed)] == [wanted, "rare"]

"""Whatever way definitions went, the database is the one they would have made from nothing."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yuanke.metadata import Layer
from yuanke.storage import Installation, change, create_enterprise, definitions, remove_enterprise
from yuanke.storage.live import LiveTable, live_shape
from yuanke.storage.plan import plan

from tests.storage.changes import settled

_numbers = itertools.count(1)
ENTITIES = ("apple", "berry", "order")
FIELDS = ("one", "two", "group", "name")
SPECS: list[Any] = [
    {"type": "text"},
    {"type": "long_text"},
    {"type": "integer"},
    {"type": "money"},
    {"type": "bool"},
    {"type": "date"},
    {"type": "datetime"},
    {"type": "text", "unique": True},
    {"type": "integer", "index": True},
    {"type": "percent"},
    {"options": {"a": {"label": "A"}, "b": {"label": "B"}}},
    {"link": "apple"},
    {"link": "berry"},
    {"type": "tags"},
]


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A module: some of three entities, each with some of four fields; links only to entities that are there."""
    chosen = draw(st.lists(st.sampled_from(ENTITIES), unique=True, min_size=1))
    entities = {}
    for entity in chosen:
        fields = draw(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(SPECS), max_size=4))
        fields = {key: dict(spec) for key, spec in fields.items() if spec.get("link", entity) in chosen}
        entities[entity] = {"label": entity, "fields": {"title": {"type": "text"}, **fields}}
    return {"module": "m", "label": "M", "entities": entities}


def layer(world: dict[str, Any]) -> Layer:
    return Layer.from_plain("m", "module", world)


def decisions(world: dict[str, Any], answer: str) -> dict[str, str]:
    entities = world["entities"]
    return dict.fromkeys(entities, answer) | {f"{e}.{f}": answer for e in entities for f in entities[e]["fields"]}


def shape(installation: Installation, slug: str) -> dict[str, LiveTable]:
    with installation.unit(slug) as unit:
        wanted = {t for e, t in ((e, unit.tables[e].name) for e in unit.registry.entities)}
        return {
            name: table for name, table in live_shape(unit.connection, unit.enterprise.place).items() if name in wanted
        }


def world(**entities: dict[str, Any]) -> dict[str, Any]:
    made = {key: {"label": key, "fields": {"title": {"type": "text"}, **fields}} for key, fields in entities.items()}
    return {"module": "m", "label": "M", "entities": made}


@example(  # a new table refers to one that is set aside and made afresh in the same plan
    one=world(apple={}), two=world(), three=world(order={"a": {"link": "apple"}}, apple={}), answer="fresh"
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(one=worlds(), two=worlds(), three=worlds(), answer=st.sampled_from(["restore", "fresh"]))
def test_changing_step_by_step_gives_the_same_tables_as_making_anew(
    installation: Installation, one, two, three, answer
):
    number = next(_numbers)
    walked = create_enterprise(installation, f"w{number}", f"walked {number}", layers=[layer(one)])
    with installation.unit(walked, write=True) as unit:
        for entity in one["entities"]:
            unit.execute(unit.tables[entity].insert(), [{"title": "x"}, {"title": "y"}])
    for world in (two, three):
        change(
            installation,
            walked,
            lambda unit, world=world: definitions.replaced(definitions.layers_of(unit), layer(world)),
            decisions=decisions(world, answer),
        )
    create_enterprise(installation, f"n{number}", f"new {number}", layers=[layer(three)])
    came, made = shape(installation, f"w{number}"), shape(installation, f"n{number}")
    assert came.keys() == made.keys()
    for name, table in made.items():
        assert {c: t for c, t in came[name].columns.items() if c in table.columns} == table.columns
        assert came[name].indexes == table.indexes
    with installation.unit(walked) as unit:
        assert settled(unit) == []
    for slug in (f"w{number}", f"n{number}"):
        remove_enterprise(installation, slug)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(one=worlds(), two=worlds())
def test_going_there_and_back_loses_no_value(installation: Installation, one, two):
    number = next(_numbers)
    at = create_enterprise(installation, f"b{number}", f"back {number}", layers=[layer(one)])
    values = {"text": "7", "long_text": "7", "integer": 7, "money": 7, "percent": 7, "bool": True, "tags": ["7"]}
    with installation.unit(at, write=True) as unit:
        for entity, spec in one["entities"].items():
            row = {k: values.get(f.get("type", ""), "a" if "options" in f else None) for k, f in spec["fields"].items()}
            unit.execute(unit.tables[entity].insert().values(row))
        before = {e: unit.execute(unit.tables[e].select()).mappings().all() for e in one["entities"]}
    with installation.unit(at) as unit:
        there = plan(unit, definitions.replaced(definitions.layers_of(unit), layer(two)))
        kept = {(s.entity, s.field) for s in there.steps if s.kind in ("convert", "set_aside")}
    for world in (two, one):
        change(
            installation,
            at,
            lambda unit, world=world: definitions.replaced(definitions.layers_of(unit), layer(world)),
            decisions=decisions(world, "restore"),
        )
    with installation.unit(at) as unit:
        for entity, rows in before.items():
            after = unit.execute(unit.tables[entity].select()).mappings().all()
            for old, new in zip(rows, after, strict=True):
                assert {k: v for k, v in old.items() if (entity, k) not in kept} == {
                    k: v for k, v in new.items() if (entity, k) not in kept
                }
    remove_enterprise(installation, f"b{number}")

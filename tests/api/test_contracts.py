"""The short way and the contract are one: what the door takes and refuses, and what is answered, the schema says too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from yuanke.access import people
from yuanke.access.grants import grant
from yuanke.access.sessions import actor_of
from yuanke.api import contracts
from yuanke.api.answers import record_json, records_json
from yuanke.api.members import Body
from yuanke.fieldtypes import catalogue
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.text import Message
from yuanke.records import LinkValue, Record, Records
from yuanke.records.intake import take
from yuanke.records.owned import take_pairs, take_rows
from yuanke.records.save import Save
from yuanke.storage import Installation, Unit

from tests.everykind import NUMBERED, bodies, every_kind
from tests.fieldtypes.fieldvalues import COLUMNS, values_of
from tests.served import Caller

quick = settings(
    deadline=None, database=None, phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def at(enterprise: Callable[..., Enterprise], installation: Installation) -> Enterprise:
    made = enterprise(every_kind())
    with installation.unit(made, write=True) as unit:
        for name in ("maker", "looker"):
            people.create_user(unit, name, name, roles=[name])
    return made


@pytest.fixture
def maker(installation: Installation, at: Enterprise) -> Iterator[tuple[Unit, Actor]]:
    """The one who may write nearly everything, in a unit where three tags and one thing with two rows stand."""
    with installation.unit(at, write=True) as unit:
        door = Records(unit, actor_of(unit, 1, "api"))
        for name in ("known", "b", "c"):
            door.create("tag", {"name": name})
        door.create("thing", {"title": "x", "f_rows": [{"what": "a"}, {"what": "b"}], "f_links": [1, 2]})
        yield unit, door.actor


def told(faults: dict[str, list[Message]]) -> dict[str, list[str]]:
    """Without what is missing: the door tells that later, when defaults and formulas had their turn."""
    said = {path: [str(one) for one in sentences] for path, sentences in faults.items()}
    return {path: sentences for path, sentences in said.items() if not sentences[0].endswith("不能为空")}


def taken(unit: Unit, actor: Actor, verb: str, body: dict[str, Any], old: dict[str, Any] | None = None) -> Save:
    """The short way: what the door makes of a body, before it asks the database."""
    entity = unit.registry.entities["thing"]
    save = Save(unit, actor, entity, verb, 1 if old else None, old)
    take(save, body, grant(unit, actor, entity, verb))
    take_rows(save)
    take_pairs(save)
    return save


def test_every_type_is_tried(maker: tuple[Unit, Actor]) -> None:
    fields = maker[0].registry.entities["thing"].fields
    assert {fields[f"f_{name}"].type.name for name in catalogue() if name not in NUMBERED} | NUMBERED == set(
        catalogue()
    )


def test_a_new_body_is_taken_and_refused_alike(maker: tuple[Unit, Actor]) -> None:
    unit, actor = maker
    contract = contracts.contract(unit, actor, unit.registry.entities["thing"], "create")
    seen = {"good": 0, "bad": 0}

    @given(bodies())
    @settings(quick, max_examples=150)
    def alike(body: dict[str, Any]) -> None:
        save = taken(unit, actor, "create", body)
        door = {path: said for path, said in told(dict(save.all_errors())).items() if "没有找到" not in said[0]}
        schema = told(contract.faults(body, unit.place))
        assert schema == door
        seen["bad" if door else "good"] += 1
        if not door and "title" in body:
            loaded = contract.load(Body(body, unit.place))
            for key, value in save.values.items():
                assert loaded[key] == value and type(loaded[key]) is type(value), key
            for row, said in zip(save.rows.get("f_rows", []), loaded.get("f_rows", []), strict=True):
                assert {k: v for k, v in row.values.items() if k != "position"} == said

    alike()
    assert min(seen.values()) > 10, seen


def test_a_changed_body_is_refused_alike_but_for_what_stands(maker: tuple[Unit, Actor]) -> None:
    import sqlalchemy as sa

    unit, actor = maker
    contract = contracts.contract(unit, actor, unit.registry.entities["thing"], "update")
    table = unit.tables["thing"]
    old = dict(unit.execute(sa.select(table)).mappings().one())
    ids = st.sampled_from([1, 2, 2, 99, "1", True, [], None])
    row = st.fixed_dictionaries({"id": ids}, optional={"deleted": st.booleans(), "what": st.just("y") | st.just(7)})
    changed = st.builds(
        lambda body, rows: {**body, **rows},
        bodies(),
        st.fixed_dictionaries({}, optional={"f_rows": st.lists(row, max_size=3)}),
    )

    @given(changed)
    @settings(quick, max_examples=120)
    def alike(body: dict[str, Any]) -> None:
        door = told(dict(taken(unit, actor, "update", body, old).all_errors()))
        schema = told(contract.faults(body, unit.place))
        absent = {
            path for path, said in door.items() if "没有编号为 99" in said[0]
        }  # only the door knows which rows there are
        schema = {
            k: said for k, said in schema.items() if k not in absent and not any(k.startswith(f"{a}.") for a in absent)
        }
        assert schema.items() <= door.items()
        beyond = {said[0] for path, said in door.items() if path not in schema}
        assert all("不能修改" in said or "没有找到" in said or "没有编号为 99" in said for said in beyond), beyond

    alike()


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.name)
def test_what_goes_out_is_dumped_alike(kind: Any) -> None:
    """For the type alone, with a field made for it; links as whoever reads records hands them out."""
    from yuanke.access.grants import Grant, Policy
    from yuanke.kernel.text import Label
    from yuanke.metadata.registry import Entity, Field

    from tests.fieldtypes.fieldvalues import spec_of

    spec = spec_of(kind)
    field = Field(
        "thing",
        "it",
        kind,
        Label("它", "It"),
        options=spec.options,
        multiple=spec.multiple,
        targets=tuple(spec.targets),
    )
    entity = Entity("thing", "m", Label("物", "Thing"), Label("物", "Things"), {"it": field})
    schema = contracts._made(
        entity, "read", Grant(None, None, entity, "read", True, (Policy(("all",), frozenset({"it"}), frozenset()),)), {}
    )
    values = values_of(kind)
    if kind.kind_of(field).name == "link":
        of = "a" if kind.name == "dynamic_link" else None
        values = st.builds(lambda i, t: LinkValue(i, t, entity=of), st.integers(1, 9), st.text(max_size=5))
        values |= st.just(LinkValue(None, None, True))

    @given(values | st.none())
    @settings(quick, max_examples=15)
    def alike(value: Any) -> None:
        record = Record(entity, 3, 2, {"it": value})
        assert schema.dump(record) == record_json(record) == records_json([record])[0]

    alike()


def test_a_whole_record_is_dumped_alike(maker: tuple[Unit, Actor]) -> None:
    unit, actor = maker
    record = Records(unit, actor).get("thing", 1)
    schema = contracts.contract(unit, actor, record.entity, "read")
    assert schema.dump(record) == record_json(record)
    assert [row["what"] for row in schema.dump(record)["f_rows"]] == ["a", "b"]
    assert "secret" not in schema.fields and "deleted_at" not in schema.fields
    few = Record(record.entity, 1, 1, {"title": "x"})
    assert schema.dump(few) == record_json(few) == {"id": 1, "version": 1, "title": "x"}


def test_one_contract_serves_all_who_may_the_same(
    maker: tuple[Unit, Actor], installation: Installation, at: Enterprise
) -> None:
    unit, actor = maker
    thing = unit.registry.entities["thing"]
    mine = {verb: contracts.contract(unit, actor, thing, verb) for verb in ("read", "create", "update")}
    assert len(set(map(id, mine.values()))) == 3
    looker = Actor(**{**actor.__dict__, "user_id": 2, "roles": frozenset({"looker"})})
    assert contracts.contract(unit, looker, thing, "read") is not mine["read"]
    before = len(contracts._kept)
    with installation.unit(at) as other:
        for verb, known in mine.items():
            assert contracts.contract(other, actor, other.registry.entities["thing"], verb) is known
    assert len(contracts._kept) == before


def test_a_wrong_body_is_told_whole(caller: Callable[[str], Caller], unchanged: None) -> None:
    body = {"amount": "much", "lines": [{"price": "x"}, 7], "nothing": 1, "created_by": 2, "version": 1}
    said = caller("lin").post("/records/note", body).json["errors"]
    assert sorted(one["field"] for one in said) == [
        "amount", "created_by", "lines.0.price", "lines.0.what", "lines.1", "nothing", "title", "version",
    ]  # fmt: skip
    english = caller("lin").post("/records/note", body, headers={"Accept-Language": "en"}).json["errors"]
    assert not {one["message"] for one in english} & {one["message"] for one in said}


def test_the_items_of_a_batch_are_told_by_their_place(caller: Callable[[str], Caller], unchanged: None) -> None:
    root = caller("root")
    body = {"create": [{"title": "a"}, {"title": "b", "amount": "x"}], "update": [{"id": 1, "due": "y", "version": 0}]}
    whole = root.post("/records/folder/batch", {"create": [{"name": "a"}, {"name": 1}, {}]})
    assert whole.status_code == 422
    assert [one["field"] for one in whole.json["errors"]] == ["create.1.name", "create.2.name"]
    each = root.post("/records/note/batch", {"create": body["create"][1:], "atomic": False}).json["result"]
    assert [one["field"] for one in each[0]["error"]["errors"]] == ["amount"]


def test_a_row_addressed_by_itself_is_told_by_its_own_names(caller: Callable[[str], Caller]) -> None:
    lin = caller("lin")
    note = lin.post("/records/note", {"title": "x", "lines": [{"what": "a"}]}).json
    row = note["lines"][0]["id"]
    for answer in (
        lin.patch(f"/records/note_lines/{row}", {"price": "x", "nothing": 1}),
        lin.post("/records/note_lines", {"note": note["id"], "what": "b", "price": "x", "nothing": 1}),
    ):
        assert answer.status_code == 422
        assert sorted(one["field"] for one in answer.json["errors"]) == ["nothing", "price"]

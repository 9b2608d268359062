"""What holds whatever is done: a merge undone leaves no trace in the data, and nobody sees what nobody gave him."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.kernel.errors import Refusal
from yuanke.records import Query, Records
from yuanke.records.fetch import ids_within
from yuanke.records.merging import merge
from yuanke.records.sharing import share, unshare
from yuanke.records.transferring import transfer
from yuanke.records.undoing import undo
from yuanke.storage import Unit

from tests.records.handed.world import World

SAME_WORLD = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
#: stamps that a merge and its undoing may leave, and tables that tell what was done
NOISE = {"version", "updated_at", "updated_by"}
TRACES = {"yk_history", "x_change_set", "change_set", "sqlite_sequence", "message", "yk_followed", "yk_job"}


class _RollBack(Exception):
    pass


@contextmanager
def trying(world: World) -> Iterator[Unit]:
    """A unit of work of which nothing stays."""
    try:
        with world.installation.unit(world.at, write=True) as unit:
            yield unit
            raise _RollBack
    except _RollBack:
        pass


def door(world: World, unit: Unit, who: str) -> Records:
    return Records(unit, world.actor(unit, who))


def tables(world: World, unit: Unit) -> dict[str, list[str]]:
    schema = world.at.place if unit.dialect == "postgresql" else None
    look, found = sa.inspect(unit.connection), {}
    for name in look.get_table_names(schema=schema):
        if name in TRACES or name.startswith("yk_search_fts"):
            continue
        columns = [c["name"] for c in look.get_columns(name, schema=schema)]
        ours = NOISE | ({"id"} if name in ("yk_search", "yk_normal") else set())
        kept = [sa.column(c) for c in columns if c not in ours]
        rows = unit.connection.execute(sa.select(*kept).select_from(sa.table(name, schema=schema)))
        found[name] = sorted(repr(tuple(row)) for row in rows)
    return found


FIRMS = 4
firm = st.integers(0, FIRMS - 1)
maybe_firm = st.none() | firm
texts = st.sampled_from(["甲", "乙", "丙", None])
firms = st.lists(
    st.fixed_dictionaries(
        {
            "tel": st.sampled_from([None, "13800138000", "010-88888888"]),
            "remark": texts, "tags": st.none() | st.lists(st.sampled_from("甲乙丙"), unique=True, min_size=1),
            "parent": maybe_firm, "labels": st.lists(st.integers(0, 2), unique=True),
            "sites": st.lists(st.fixed_dictionaries({"place": st.sampled_from("一二"), "size": st.integers(0, 9)}), max_size=2),
        }
    ),
    min_size=FIRMS, max_size=FIRMS,
)  # fmt: skip
things = st.lists(
    st.one_of(
        st.tuples(st.just("person"), firm, st.sampled_from(["王", "李"]), st.sampled_from([None, "13800138000"])),
        st.tuples(st.just("visit"), maybe_firm, maybe_firm, st.lists(firm, unique=True, max_size=3)),
        st.tuples(st.just("deal"), firm, st.lists(maybe_firm, max_size=3), st.booleans()),
        st.tuples(st.just("payment"), firm, st.integers(0, 99), st.just(None)),
        st.tuples(st.just("comment"), firm, st.just(None), st.just(None)),
        st.tuples(st.just("favourite"), firm, st.just(None), st.just(None)),
    ),
    max_size=14,
)


def build(all_: Records, firms: list[dict[str, Any]], things: list[Any]) -> list[int]:
    labels = [all_.create("label", {"name": f"组{n}"}).id for n in range(3)]
    ids: list[int] = []
    for at, values in enumerate(firms):
        parent = values["parent"]
        made = {**values, "name": f"单位{at}", "labels": [labels[n] for n in values["labels"]]}
        made["parent"] = ids[parent] if parent is not None and parent < at else None
        ids.append(all_.create("firm", made).id)
    kept: set[int] = set()
    for kind, *values in things:
        _thing(all_, kind, values, ids, kept)
    return ids


def _thing(all_: Records, kind: str, values: list[Any], ids: list[int], kept: set[int]) -> None:
    first, second, third = values
    if kind == "person":
        all_.create("person", {"firm": ids[first], "name": second, "mobile": third})
    elif kind == "visit":
        about = None if second is None else f"firm:{ids[second]}"
        others = [ids[one] for one in third]
        all_.create("visit", {"firm": None if first is None else ids[first], "about": about, "others": others})
    elif kind == "deal":
        lines = [{"maker": None if one is None else ids[one], "amount": "1.50"} for one in second]
        deal = all_.create("deal", {"firm": ids[first], "lines": lines}).id
        if third:
            all_.delete("deal", deal)
    elif kind == "payment":
        all_.create("payment", {"firm": ids[first], "amount": second})
    elif kind == "comment":
        all_.create("comment", {"entity": "firm", "record": ids[first], "body": "x"})
    elif first not in kept:
        kept.add(first)
        all_.create("favourite", {"entity": "firm", "record": ids[first], "label": "x"})


@given(firms=firms, things=things, pair=st.permutations(range(FIRMS)), lost=st.integers(1, 2), choose=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=SAME_WORLD)
def test_a_merge_undone_leaves_every_table_as_it_was(
    world: World, firms: list[Any], things: list[Any], pair: list[int], lost: int, choose: bool
) -> None:
    with trying(world) as unit:
        all_ = door(world, unit, "admin")
        ids = build(all_, firms, things)
        keep, *lose = [ids[n] for n in pair[: lost + 1]]
        before = tables(world, unit)
        choices = {"name": lose[0], "remark": keep, "sites": lose[-1], "labels": "both"} if choose else {}
        try:
            done = merge(unit, all_.actor, all_.entity("firm"), keep, lose, choices)
        except Refusal:  # a tree that would go in a ring
            raise _RollBack from None
        assert all(_leads_nowhere(all_, one) for one in lose)
        back = undo(unit, all_.actor, done.change_set)
        assert back.left == []
        after = tables(world, unit)
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


def _leads_nowhere(all_: Records, lost: int) -> bool:
    """No live record names the one that is gone."""
    query = Query(limit=500)
    deals = all_.list("deal", Query(fields=("firm", "lines"), limit=500)).records
    makers = [row.values["maker"] for deal in deals for row in deal.values["lines"]]
    links = [record.values["firm"] for record in deals] + makers
    links += [
        r.values[k]
        for r in all_.list("visit", Query(fields=("firm", "about"), limit=500)).records
        for k in ("firm", "about")
    ]
    joined = all_.list("visit", Query(fields=("others",), limit=500)).records
    links += [one for visit in joined for one in visit.values["others"]]
    links += [r.values["parent"] for r in all_.list("firm", Query(fields=("parent",), limit=500)).records]
    return all(link is None or link.id != lost for link in links) and lost not in {
        r.id for r in all_.list("firm", query).records
    }


# -- who sees what ------------------------------------------------------------------------------------------------------

SELLERS = ("ann", "bob", "chief")
seller = st.sampled_from(SELLERS)
record = st.integers(0, 3)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("share"), seller, record, st.sampled_from([*SELLERS, "role", "department"]), st.sampled_from(["read", "write"])),
        st.tuples(st.just("unshare"), seller, record, st.none(), st.none()),
        st.tuples(st.just("transfer"), seller, record, seller, st.sampled_from(["none", "read"])),
        st.tuples(st.just("undo"), seller, st.just(0), st.none(), st.none()),
    ),
    max_size=12,
)  # fmt: skip


@given(acts=acts, owners=st.lists(seller, min_size=4, max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=SAME_WORLD)
def test_nobody_sees_or_changes_what_nobody_gave_him(world: World, acts: list[Any], owners: list[str]) -> None:
    with trying(world) as unit:
        ids = [door(world, unit, who).create("firm", {"name": f"单位{at}"}).id for at, who in enumerate(owners)]
        sets: list[int] = []
        for act in acts:
            before = seen(world, unit)
            try:
                with unit.connection.begin_nested():
                    sets += filter(None, [_done(world, unit, ids, sets, *act)])
            except Refusal:
                assert seen(world, unit) == before
            assert seen(world, unit) == given_to(world, unit, ids)


def _done(
    world: World, unit: Unit, ids: list[int], sets: list[int], act: str, who: str, at: int, to: Any, how: Any
) -> int | None:
    mine = door(world, unit, who)
    firm = mine.entity("firm")
    if act == "share":
        receiver: dict[str, Any] = {"user": world.ids.get(to)}
        if to in ("role", "department"):
            receiver = {"role": "seller"} if to == "role" else {"department": mine.actor.department_id}
        return share(unit, mine.actor, firm, [ids[at]], [receiver], level=how, with_=[]).change_set
    if act == "unshare":
        unshare(unit, mine.actor, firm, [ids[at]])
        return None
    if act == "transfer":
        return transfer(unit, mine.actor, firm, [ids[at]], world.ids[to], keep=how, with_=[]).change_set
    if sets:
        undo(unit, mine.actor, sets.pop())
    return None


def seen(world: World, unit: Unit) -> dict[str, tuple[set[int], set[int]]]:
    """What each sees in his list, and may change."""
    found = {}
    for who in (*SELLERS, "eve"):
        unit.kept.clear()
        mine = door(world, unit, who)
        ids = {r.id for r in mine.list("firm", Query(limit=500, fields=("id",))).records}
        changed = (
            ids_within(unit, mine.actor, mine.entity("firm"), "update", sorted(ids))
            if mine.may("firm", "update")
            else set()
        )
        found[who] = (ids, changed)
    return found


def given_to(world: World, unit: Unit, ids: list[int]) -> dict[str, tuple[set[int], set[int]]]:
    """The same, told by hand from owners and shares."""
    firms, shares = unit.tables["firm"], unit.tables["record_share"]
    owner = dict(unit.execute(sa.select(firms.c.id, firms.c.owner).where(firms.c.deleted_at.is_(None))).all())
    rows = unit.execute(sa.select(shares).where(shares.c.deleted_at.is_(None))).mappings().all()
    found: dict[str, tuple[set[int], set[int]]] = {"eve": (set(ids), set())}
    for who in SELLERS:
        number, role = world.ids[who], "chief" if who == "chief" else "seller"
        if role == "chief":  # his team, which is himself and both sellers; he has no scope of what is shared
            found[who] = (set(ids), set(ids))
            continue
        mine = {one for one in ids if owner[one] == number}
        to_me = [
            row for row in rows if row["user"] == number or row["role"] == role or row["to_department"] is not None
        ]
        found[who] = (
            mine | {row["record"] for row in to_me},
            mine | {row["record"] for row in to_me if row["level"] == "write"},
        )
    return found


@pytest.fixture(autouse=True)
def _one_world(world: World) -> World:
    return world

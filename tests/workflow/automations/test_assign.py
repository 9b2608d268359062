"""The step ``assign``: in turn, or to whoever has the fewest; never to who left, never two at once to one."""

from __future__ import annotations

import threading
from collections import Counter

import pytest


def owner(desk, lead: int) -> str:
    return {v: k for k, v in desk.ids.items()}.get(desk.row("lead", lead).owner)


def test_one_after_the_other(desk):
    leads = [desk.make("lead", name=f"l{n}") for n in range(7)]
    for lead in leads:
        desk.act("lead", lead, "deal")
    assert [owner(desk, lead) for lead in leads] == ["ann", "bob", "cat", "ann", "bob", "cat", "ann"]


def test_who_left_is_passed_over_and_comes_last_when_he_is_back(desk):
    leads = [desk.make("lead", name=f"l{n}") for n in range(3)]
    with desk.installation.unit(desk.at, write=True) as unit:
        users = unit.tables["user"]
        unit.execute(users.update().where(users.c.id == desk.ids["bob"]).values(status="left"))
    for lead in leads:
        desk.act("lead", lead, "deal")
    assert [owner(desk, lead) for lead in leads] == ["ann", "cat", "ann"]


def test_the_fewest_open_ones_and_nobody_more_than_the_most(desk):
    ann, bob, cat = (desk.ids[name] for name in ("ann", "bob", "cat"))
    desk.make("lead", name="a1", person=ann)
    desk.make("lead", name="a2", person=ann)
    desk.make("lead", name="b1", person=bob)
    desk.make("lead", name="c1", person=cat, closed=True)
    leads = [desk.make("lead", name=f"l{n}") for n in range(4)]
    for lead in leads:
        desk.act("lead", lead, "spread")
    assert [desk.row("lead", lead).person for lead in leads] == [cat, bob, cat, None]


@pytest.mark.parametrize("people", [6])
def test_two_at_the_same_time_go_to_different_people(desk, people):
    leads = [desk.make("lead", name=f"l{n}") for n in range(people)]
    gate = threading.Barrier(people)
    faults = []

    def deal(lead: int) -> None:
        gate.wait()
        try:
            desk.act("lead", lead, "deal")
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=deal, args=(lead,)) for lead in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert Counter(owner(desk, lead) for lead in leads) == {"ann": 2, "bob": 2, "cat": 2}

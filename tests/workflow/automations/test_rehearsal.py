"""A dry run tells what would happen and leaves nothing behind, not even a number or a job."""

from __future__ import annotations

import pytest
from yuanke.kernel.errors import RecordNotFound
from yuanke.workflow.automations import find
from yuanke.workflow.automations.rehearsal import rehearse

from tests.served import checksum


def rehearsed(desk, address: str, record: int | None):
    with desk.as_("root") as door:
        return rehearse(door.unit, door.actor, find(door.unit.registry, address), record)


def test_it_shows_what_would_be_made_and_makes_nothing(desk):
    visit = desk.make("visit", name="甲", amount="150")
    desk.run()
    before = checksum(desk.installation, desk.at)
    found = rehearsed(desk, "visit.welcome", visit)
    assert found.state == "done"
    (change,) = found.changes
    assert (change.entity, change.verb, change.changes["text"]) == ("entry", "create", [None, "甲"])
    assert checksum(desk.installation, desk.at) == before
    assert desk.run() == 0


def test_it_says_that_the_condition_does_not_hold(desk):
    visit = desk.make("visit", name="甲", amount="50")
    found = rehearsed(desk, "visit.welcome", visit)
    assert (found.state, found.changes) == ("skipped", [])


def test_it_shows_what_would_be_changed_and_whom_it_would_be_given(desk):
    chore = desk.make("chore", name="甲")
    found = rehearsed(desk, "chore.chase", chore)
    assert [(c.entity, c.verb) for c in found.changes] == [("chore", "chase"), ("entry", "create")]
    assert found.changes[0].changes == {"touched": [0, 1]} or "touched" in found.changes[0].changes
    assert desk.row("chore", chore).touched == 0


def test_a_refusal_is_told(desk):
    visit = desk.make("visit", name="甲", note="refuse")
    found = rehearsed(desk, "visit.broken", visit)
    assert found.state == "failed" and found.said is not None
    assert desk.entries() == []


def test_a_record_that_is_not_there_is_told(desk):
    with pytest.raises(RecordNotFound):
        rehearsed(desk, "visit.welcome", 999_999)


def test_what_is_saved_in_the_same_transaction_stays(desk):
    with desk.as_("chief") as door:
        visit = door.create("visit", {"name": "甲", "amount": "150"}).id
        rehearse(door.unit, door.actor, find(door.unit.registry, "visit.welcome"), visit)
    desk.run()
    assert desk.entries() == ["甲"]

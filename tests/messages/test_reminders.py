"""Reminders: never twice, gone when they are over, for whom they are alone."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke import messages
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, ValidationFailed

from tests.messages.conftest import Firm

DUE = datetime(2026, 11, 25, 2, 0, tzinfo=timezone.utc)


def remind(firm: Firm, to: list[str], text: str = "之江扩容 即将签约", **more: Any) -> list[str]:
    given = {"entity": "deal", "record": 1, "key": "deal.warn", "due": DUE, **more}
    with firm.unit() as unit:
        made = messages.remind(unit, [firm.ids[name] for name in to], text, **given)
    return [firm.names[one] for one in made]


def lines(firm: Firm, name: str, **more: Any) -> list[str]:
    with firm.unit(write=False) as unit:
        return [one.text for one in messages.reminders_of(unit, firm.actor(unit, name), **more)]


def test_the_same_source_record_moment_and_person_is_told_once(firm: Firm) -> None:
    deal = firm.deal()
    assert remind(firm, ["lin", "mo"], record=deal) == ["lin", "mo"]
    assert remind(firm, ["lin", "mo", "root"], record=deal, text="anders") == ["root"]
    assert remind(firm, ["lin"], record=deal, due=DUE + timedelta(days=1)) == ["lin"]
    assert remind(firm, ["lin"], record=deal, moment=DUE - timedelta(days=3)) == ["lin"], "another moment for one event"
    assert remind(firm, ["lin"], record=deal, key="deal.other") == ["lin"]
    assert len(lines(firm, "lin")) == 4 and len(firm.inbox("lin")) == 4 and len(lines(firm, "mo")) == 1


def test_once_done_it_does_not_come_back(firm: Firm) -> None:
    deal = firm.deal()
    remind(firm, ["lin"], record=deal)
    with firm.unit() as unit:
        lin = firm.actor(unit, "lin")
        messages.finish(unit, lin, messages.reminders_of(unit, lin)[0].id)
    assert lines(firm, "lin") == [] and firm.inbox("lin", only_unread=True) == []
    assert remind(firm, ["lin"], record=deal) == []


def test_one_without_a_time_is_told_once_a_day(firm: Firm) -> None:
    deal = firm.deal()
    with clock.stopped(DUE):
        assert remind(firm, ["lin"], record=deal, due=None) == ["lin"]
        assert remind(firm, ["lin"], record=deal, due=None) == []
    with clock.stopped(DUE + timedelta(days=1)):
        assert remind(firm, ["lin"], record=deal, due=None) == ["lin"]


@pytest.mark.parametrize("until", ["stage.closed", "stage == won", "amount >= 100"])
def test_a_line_goes_when_its_condition_holds_and_returns_when_it_does_not(firm: Firm, until: str) -> None:
    deal = firm.deal()
    remind(firm, ["lin"], record=deal, until=until)
    assert lines(firm, "lin") == ["之江扩容 即将签约"]
    firm.door("mo", lambda r: r.update("deal", deal, {"stage": "won", "amount": "100"}))
    assert lines(firm, "lin") == []
    firm.door("mo", lambda r: r.update("deal", deal, {"stage": "open", "amount": "1"}))
    assert lines(firm, "lin") == ["之江扩容 即将签约"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_condition_may_read_what_the_person_may_not(firm: Firm) -> None:
    deal = firm.deal()
    remind(firm, ["lin"], record=deal, until="margin > 10")
    assert lines(firm, "lin") != []
    firm.door("mo", lambda r: r.update("deal", deal, {"margin": "11"}))
    assert lines(firm, "lin") == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_condition_that_cannot_be_asked_any_more_holds_for_nothing(firm: Firm) -> None:
    remind(firm, ["lin"], record=firm.deal(), until="retired_field == 3")
    assert lines(firm, "lin") == ["之江扩容 即将签约"]


def test_a_line_goes_with_its_record_and_with_the_right_to_read_it(firm: Firm) -> None:
    mine, lost = firm.deal(), firm.deal()
    remind(firm, ["lin"], record=mine)
    remind(firm, ["lin"], record=lost, text="另一条")
    firm.door("mo", lambda r: r.update("deal", lost, {"owner": firm.ids["yu"]}))
    assert lines(firm, "lin") == ["之江扩容 即将签约"]
    firm.door("mo", lambda r: r.delete("deal", mine))
    assert lines(firm, "lin") == []


def test_lines_stand_in_the_order_in_which_they_are_due(firm: Firm) -> None:
    deal = firm.deal()
    for days in (3, 1, 2):
        remind(firm, ["lin"], str(days), record=deal, due=DUE + timedelta(days=days))
    assert lines(firm, "lin") == ["1", "2", "3"]
    assert lines(firm, "lin", limit=2) == ["1", "2"]
    assert lines(firm, "lin", till=DUE + timedelta(days=2)) == ["1", "2"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_day_begins_at_midnight_of_the_enterprise(firm: Firm) -> None:
    remind(firm, ["lin"], record=firm.deal(), due=date(2026, 11, 25))
    with firm.unit(write=False) as unit:
        due = messages.reminders_of(unit, firm.actor(unit, "lin"))[0].due
    assert due == datetime(2026, 11, 24, 16, 0, tzinfo=timezone.utc)


def test_nobody_ends_a_line_of_somebody_else(firm: Firm) -> None:
    remind(firm, ["lin"], record=firm.deal())
    with firm.unit() as unit:
        line = messages.reminders_of(unit, firm.actor(unit, "lin"))[0].id
    with pytest.raises(RecordNotFound), firm.unit() as unit:
        messages.finish(unit, firm.actor(unit, "mo"), line)
    assert [r.id for r in firm.door("lin", lambda r: r.list("reminder").records)] == [line]
    firm.door("lin", lambda r: r.update("reminder", line, {"done_at": "2026-11-25T03:00:00Z"}))
    assert lines(firm, "lin") == []
    with pytest.raises(ValidationFailed):
        firm.door("lin", lambda r: r.update("reminder", line, {"text": "x"}))


def test_the_sweep_closes_what_is_over_and_nothing_else(firm: Firm) -> None:
    from yuanke.jobs import enqueue
    from yuanke.kernel.actor import Actor

    open_, won, gone = firm.deal(), firm.deal(stage="won"), firm.deal()
    for deal in (open_, won, gone):
        remind(firm, ["lin"], str(deal), record=deal, until="stage.closed")
    remind(firm, ["lin"], "free", entity=None, record=None)
    firm.door("mo", lambda r: r.delete("deal", gone))
    with firm.unit() as unit:
        enqueue(unit, Actor(firm.slug, None, engine=True), "sweep_reminders", {})
    firm.run()
    with firm.unit(write=False) as unit:
        table = unit.tables["reminder"]
        left = list(
            unit.connection.scalars(sa.select(table.c.text).where(table.c.done_at.is_(None)).order_by(table.c.id))
        )
    assert left == [str(open_), "free"]
    assert [job.result for job in firm.jobs("sweep_reminders")] == [{"closed": 2}]


def test_ten_thousand_are_planned_well_within_twenty_seconds(firm: Firm, dialect: str) -> None:
    """A fifth of them where each statement goes to a server: it is the same loop."""
    deal, to, count = firm.deal(), [firm.ids["lin"]], 10_000 if dialect == "sqlite" else 2_000
    began = time.process_time()  # what others do on the machine does not count
    with firm.unit() as unit:
        for number in range(count):
            messages.remind(unit, to, "到期提醒", entity="deal", record=deal + number, key="deal.due", due=DUE)
    took = time.process_time() - began
    assert took < 20 * count / 10_000, took
    with firm.unit(write=False) as unit:
        assert unit.execute(sa.select(sa.func.count()).select_from(unit.tables["reminder"])).scalar() == count


_asked = st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 2), st.integers(0, 1), st.sampled_from(["lin", "mo"]))


@pytest.mark.parametrize("dialect", ["sqlite"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_asked, max_size=12))
def test_however_often_it_is_asked_for_each_line_stands_once(firm: Firm, asked: list[Any]) -> None:
    with firm.unit() as unit:
        unit.execute(unit.tables["reminder"].delete())
    made = [
        (key, record, days, name)
        for key, record, days, name in asked
        if remind(firm, [name], key=key, record=record, due=DUE + timedelta(days=days))
    ]
    assert sorted(made) == sorted(set(asked))

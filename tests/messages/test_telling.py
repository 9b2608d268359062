"""Messages inside the application: one row a person, unread until he reads it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke import messages
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, ValidationFailed

from tests.messages.conftest import Firm


def test_everybody_named_is_told_once_and_those_out_of_service_not_at_all(firm: Firm) -> None:
    from yuanke.access import people

    with firm.unit() as unit:
        people.deactivate(unit, firm.ids["yu"])
    with firm.unit() as unit:
        to = [firm.ids["lin"], firm.ids["mo"], firm.ids["lin"], firm.ids["yu"], 9_999, None]
        made = messages.notify(unit, to, "  之江扩容 已赢单 ", entity="deal", record=7, actor=firm.actor(unit, "mo"))
    assert list(made) == [firm.ids["lin"], firm.ids["mo"]]
    told = firm.inbox("lin")[0]
    assert (told.text, told.entity, told.record, told.kind, told.read) == (
        "之江扩容 已赢单",
        "deal",
        7,
        "notice",
        False,
    )
    assert (told.by, told.by_name) == (firm.ids["mo"], "Mo")


def test_what_is_told_goes_with_the_transaction_that_caused_it(firm: Firm) -> None:
    with pytest.raises(RuntimeError), firm.unit() as unit:
        messages.notify(unit, [firm.ids["lin"]], "x")
        raise RuntimeError
    assert firm.inbox("lin") == []


def test_text_is_stored_as_given(firm: Firm) -> None:
    text = "<script>alert('x')</script> {name} %s\n第二行"
    with firm.unit() as unit:
        messages.notify(unit, [firm.ids["lin"]], text)
        assert messages.notify(unit, [firm.ids["lin"]], "  ") == {}
        assert messages.notify(unit, [], "x") == {}
    assert firm.texts("lin") == [text]


def test_reading_one_and_reading_all_touch_ones_own_only(firm: Firm) -> None:
    with firm.unit() as unit:
        first, second, third = (
            messages.notify(unit, [firm.ids["lin"], firm.ids["mo"]], text)[firm.ids["lin"]] for text in "abc"
        )
    with firm.unit() as unit:
        lin, mo = firm.actor(unit, "lin"), firm.actor(unit, "mo")
        assert messages.unread(unit, lin) == messages.Unread(3, third)
        assert messages.mark_read(unit, mo, [first]) == 0
        assert messages.mark_read(unit, lin, [first, first + 100]) == 1
        assert messages.mark_read(unit, lin, [first]) == 1, "reading it again is no fault"
        assert messages.unread(unit, lin).count == 2
        assert messages.mark_all_read(unit, lin, up_to=second) == 1
        assert messages.unread(unit, lin) == messages.Unread(1, third)
        assert messages.mark_all_read(unit, lin) == 1
        assert messages.unread(unit, lin) == messages.Unread(0, 0)
        assert messages.unread(unit, mo).count == 3


def test_the_inbox_is_paged_newest_first(firm: Firm) -> None:
    with firm.unit() as unit:
        for number in range(5):
            messages.notify(unit, [firm.ids["lin"]], str(number))
    page = firm.inbox("lin", limit=2)
    assert [told.text for told in page] == ["4", "3"]
    assert [told.text for told in firm.inbox("lin", before=page[-1].id, limit=2)] == ["2", "1"]
    with firm.unit() as unit:
        messages.mark_read(unit, firm.actor(unit, "lin"), [page[0].id])
    assert [told.text for told in firm.inbox("lin", only_unread=True, limit=2)] == ["3", "2"]


def test_a_count_stops_at_a_hundred(firm: Firm) -> None:
    with firm.unit() as unit:
        for _ in range(103):
            messages.notify(unit, [firm.ids["lin"]], "x")
        found = messages.unread(unit, firm.actor(unit, "lin"))
    assert found.count == 100 and found.capped


def test_a_thousand_people_are_told_in_one_statement(firm: Firm) -> None:
    with firm.unit() as unit:
        user = unit.tables["user"]
        rows = [{"username": f"u{n}", "name": f"U{n}", "status": "active", "version": 1} for n in range(1_000)]
        unit.execute(user.insert(), rows)
        ids = list(unit.connection.scalars(sa.select(user.c.id).where(user.c.username.like("u%"))))
    statements: list[str] = []
    with firm.unit() as unit:
        sa.event.listen(unit.connection.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        began = time.perf_counter()
        made = messages.notify(unit, ids, "全员公告")
        took = time.perf_counter() - began
    assert len(made) >= 1_000 and set(ids) == set(made)
    assert len([one for one in statements if one.startswith("INSERT") and "message" in one]) <= 2
    assert took < 2, took


def test_the_door_shows_ones_own_messages_and_writes_none(firm: Firm) -> None:
    with firm.unit() as unit:
        made = messages.notify(unit, [firm.ids["lin"], firm.ids["mo"]], "x")
    mine, his = made[firm.ids["lin"]], made[firm.ids["mo"]]
    assert [r.id for r in firm.door("lin", lambda r: r.list("message").records)] == [mine]
    with pytest.raises(RecordNotFound):
        firm.door("lin", lambda r: r.get("message", his))
    for work in (
        lambda r: r.create("message", {"to": firm.ids["mo"], "text": "forged"}),
        lambda r: r.update("message", mine, {"text": "changed"}),
    ):
        with pytest.raises(Exception, match="权限"):
            firm.door("lin", work)
    firm.door("lin", lambda r: r.delete("message", mine))
    assert firm.inbox("lin") == [] and len(firm.inbox("mo")) == 1


# -- preferences --------------------------------------------------------------------------------------------------


def test_a_kind_one_does_not_want_is_not_entered(firm: Firm) -> None:
    firm.prefer("lin", channels={"app": ["approval"]})
    with firm.unit() as unit:
        to = [firm.ids["lin"], firm.ids["mo"]]
        assert list(messages.notify(unit, to, "x", kind="change")) == [firm.ids["mo"]]
        assert list(messages.notify(unit, to, "x", kind="approval")) == to
        assert list(messages.notify(unit, to, "x", kind="pool")) == [firm.ids["mo"]], "an unknown kind is a notice"


@pytest.mark.parametrize(
    "channels", [{"fax": ["notice"]}, {"app": ["nonsense"]}, {"app": "notice"}, ["app"], {"mail": [{"x": 1}]}]
)
def test_preferences_name_channels_and_kinds_that_there_are(firm: Firm, channels: Any) -> None:
    with pytest.raises(ValidationFailed) as fault:
        firm.prefer("lin", channels=channels)
    assert "channels" in fault.value.errors


def test_a_person_has_one_set_of_preferences(firm: Firm) -> None:
    firm.prefer("lin", digest=True)
    with pytest.raises(ValidationFailed):
        firm.prefer("lin", digest=False)


def test_preferences_of_others_are_out_of_reach(firm: Firm) -> None:
    firm.prefer("lin", digest=True)
    assert firm.door("mo", lambda r: r.list("message_preference").records) == []


def test_what_was_read_long_ago_is_forgotten_and_nothing_else(firm: Firm) -> None:
    from yuanke.messages.inbox import drop_read

    with firm.unit() as unit:
        old, fresh, waiting = (messages.notify(unit, [firm.ids["lin"]], text)[firm.ids["lin"]] for text in "abc")
        table = unit.tables["message"]
        for one, days in ((old, 200), (fresh, 3)):
            unit.execute(table.update().where(table.c.id == one).values(read_at=clock.now() - timedelta(days=days)))
        assert drop_read(unit, clock.now() - timedelta(days=180)) == 1
    assert {told.id for told in firm.inbox("lin")} == {fresh, waiting}


def test_reading_is_felt_in_the_same_unit(firm: Firm) -> None:
    with firm.unit() as unit:
        made = messages.notify(unit, [firm.ids["lin"]], "x")[firm.ids["lin"]]
        messages.mark_read(unit, firm.actor(unit, "lin"), [made])
        told = messages.messages_of(unit, firm.actor(unit, "lin"))[0]
    assert told.read and told.at <= clock.now()

"""The daily mail, the hours people want to be left alone, and copies that reach nobody."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke import messages
from yuanke.jobs.kinds import daily
from yuanke.kernel import clock
from yuanke.messages.account import mail_account, outgoing
from yuanke.messages.preferences import Preference
from yuanke.messages.robots import robots

from tests.messages.conftest import Firm, Mailbox, Receiver

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(hour: int, minute: int = 0, day: int = 25) -> datetime:
    """An instant by the clock of Shanghai, November 2026; the 25th is a Wednesday, the 28th a Saturday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def ask(firm: Firm) -> None:
    """What the runner asks every few minutes, and the work that comes of it."""
    with firm.unit() as unit:
        for one in daily:
            one(unit)
    firm.run()


def test_the_summary_comes_once_a_day_at_the_hour_chosen(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("lin", digest=True, digest_at="08:00")
    deal = firm.deal("lin")
    with clock.stopped(at(7, 50)):
        with firm.unit() as unit:
            messages.notify(unit, [firm.ids["lin"]], "公海有新客户")
            messages.remind(unit, [firm.ids["lin"]], "今天签约", entity="deal", record=deal, key="k", due=at(15))
            messages.remind(
                unit, [firm.ids["lin"]], "明天签约", entity="deal", record=deal, key="k", due=at(15, day=26)
            )
        ask(firm)
        assert mailbox.got == []
    with clock.stopped(at(8, 3)):
        ask(firm)
        ask(firm)
    assert len(mailbox.got) == 1 and mailbox.mails[0]["Subject"] == "[爱客 科技] 今天的提醒和未读消息"
    text = mailbox.mails[0].get_body(("plain",)).get_content()
    assert "公海有新客户" in text and "今天签约 (2026-11-25 15:00)" in text and "明天签约" not in text
    with clock.stopped(at(9, day=26)):
        ask(firm)
    assert len(mailbox.got) == 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_day_without_news_has_no_summary(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("lin", digest=True)
    with clock.stopped(at(9)):
        ask(firm)
    assert mailbox.got == [] and firm.jobs("digest")[0].result == {"messages": 0, "reminders": 0}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_nobody_gets_a_summary_unasked(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("mo", digest=False)
    with firm.unit() as unit:
        messages.notify(unit, list(firm.ids.values()), "x")
    with clock.stopped(at(9)):
        ask(firm)
    assert firm.jobs("digest") == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_a_person_typed_is_no_markup_in_the_summary(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("lin", digest=True)
    with firm.unit() as unit:
        messages.notify(unit, [firm.ids["lin"]], "<img src=x onerror=alert(1)>")
    with clock.stopped(at(9)):
        ask(firm)
    html = mailbox.mails[0].get_body(("html",)).get_content()
    assert "<img" not in html and "&lt;img" in html


# -- quiet --------------------------------------------------------------------------------------------------------

NIGHT = Preference(quiet_since=time(22), quiet_till=time(8))
NOON = Preference(quiet_since=time(12), quiet_till=time(13, 30))
WEEKEND = Preference(quiet_since=time(22), quiet_till=time(8), quiet_weekend=True)


@pytest.mark.parametrize(
    ("preference", "now", "until"),
    [
        (NIGHT, at(21, 59), None), (NIGHT, at(22), at(8, day=26)), (NIGHT, at(3), at(8)), (NIGHT, at(8), None),
        (NOON, at(12), at(13, 30)), (NOON, at(13, 30), None), (NOON, at(3), None),
        (WEEKEND, at(23, day=27), at(8, day=30)), (WEEKEND, at(10, day=28), at(8, day=30)), (WEEKEND, at(10, day=29), at(8, day=30)),
        (Preference(quiet_weekend=True), at(10, day=28), at(0, day=30)), (Preference(quiet_since=time(8), quiet_till=time(8)), at(8), None),
    ],
)  # fmt: skip
def test_quiet_ends_by_the_clock_of_the_enterprise(
    preference: Preference, now: datetime, until: datetime | None
) -> None:
    assert preference.quiet_until(now.astimezone(timezone.utc), "Asia/Shanghai") == until


times = st.times().map(lambda one: one.replace(microsecond=0, second=0))


@given(times, times, st.booleans(), st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]))  # fmt: skip
def test_no_quiet_lasts_longer_than_a_weekend_and_none_follows_at_once(
    since: time, till: time, weekend: bool, moment: datetime, zone: str
) -> None:
    preference = Preference(quiet_since=since, quiet_till=till, quiet_weekend=weekend)
    now = moment.replace(tzinfo=timezone.utc)
    until = preference.quiet_until(now, zone)
    if until is not None:
        assert now < until <= now + timedelta(days=4)
        assert preference.quiet_until(until.astimezone(timezone.utc), zone) is None


# -- restored copies ----------------------------------------------------------------------------------------------


def test_a_restored_copy_reaches_nobody_until_it_is_switched_on(
    firm: Firm, mailbox: Mailbox, receiver: Receiver, tmp_path: Path
) -> None:
    from yuanke.jobs import run_pending
    from yuanke.storage import remove_enterprise
    from yuanke.storage.backup import backup
    from yuanke.storage.restore import restore

    firm.door("root", lambda r: r.create("webhook", {"name": "group", "format": "wecom", "url": receiver.url}))
    firm.door("root", lambda r: r.create("webhook", {"name": "erp", "url": receiver.url, "events": ["*"]}))
    backup(firm.installation, firm.slug, tmp_path / "copy")
    copy = restore(firm.installation, tmp_path / "copy", f"{firm.slug}copy", "副本")
    try:
        with firm.installation.unit(copy, write=True) as unit:
            assert mail_account(unit) is None and outgoing(unit)["active"] is False and robots(unit) == []
            messages.notify(unit, [firm.ids["mo"]], "x", kind="approval")
            messages.mail(unit, "a@example.org", "x", "y")
            messages.webhook(unit, receiver.url, "x", {})
            messages.announce(unit, "deal.create", {})
        run_pending(firm.installation, copy)
    finally:
        remove_enterprise(firm.installation, copy.slug)
    assert mailbox.got == [] and receiver.got == []

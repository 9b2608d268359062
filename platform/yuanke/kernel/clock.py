"""One clock for the whole engine: instants are UTC, days belong to a zone. Tests hold it still with `stopped`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from yuanke.kernel.watch import saw

_held: ContextVar[datetime | None] = ContextVar("held_clock", default=None)


def now() -> datetime:
    """This instant, UTC, aware, whole milliseconds (what both databases and JSON keep without loss)."""
    saw("now")
    return _instant()


def _instant() -> datetime:
    moment = _held.get() or datetime.now(timezone.utc)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today(zone: str = "Asia/Shanghai") -> date:
    """The date it is now in ``zone`` (an IANA name, usually ``settings.timezone``)."""
    saw(("today", zone))
    return _instant().astimezone(ZoneInfo(zone)).date()


@contextmanager
def stopped(moment: datetime) -> Iterator[None]:
    """Hold the clock at ``moment`` (naive means UTC) inside the block."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    token = _held.set(aware)
    try:
        yield
    finally:
        _held.reset(token)


def after(seconds: float) -> datetime:
    """The instant ``seconds`` from now."""
    return now() + timedelta(seconds=seconds)

"""What set off what: the chain of runs behind the work of this transaction, and where it must end.

The one rule: an automation never sets itself off again on the record it works on, and no chain is longer than five; where
one is cut the log says so, with the chain named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from yuanke.kernel.text import Message, message
from yuanke.storage import Unit

DEEPEST = 5
_KEY = "automation chain"


def link(address: str, record: int | None) -> str:
    """One member of a chain: ``deal.chase#12``."""
    return f"{address}#{record}" if record is not None else address


def chain(unit: Unit) -> list[str]:
    """The runs that led to what this transaction does, the first one first."""
    return list(unit.kept.get(_KEY, ()))


@contextmanager
def caused(unit: Unit, by: Sequence[str]) -> Iterator[None]:
    """What is saved in the block was set off by this chain."""
    before = unit.kept.get(_KEY)
    unit.kept[_KEY] = list(by)
    try:
        yield
    finally:
        unit.kept[_KEY] = before or []


def why_end(by: Sequence[str], next_link: str) -> Message | None:
    """Why the chain must not go on with ``next_link``; None when it may."""
    if next_link in by:
        return message("自动化触发了自己，已停止：{chain}", chain=" → ".join([*by, next_link]))
    if len(by) >= DEEPEST:
        return message(
            "自动化相互触发超过 {most} 层，已停止：{chain}", most=DEEPEST, chain=" → ".join([*by, next_link])
        )
    return None

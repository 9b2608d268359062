"""Ways to people that plugins bring: robots of chat groups and the like (hook `message_channels`).

The one rule: a channel only writes the call and reads the answer. Who is called, how long it may take, whether the
address may be called at all and when it is tried again is decided here for all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Label


@dataclass(frozen=True)
class Addressee:
    """A person a letter is for; ``mobile`` as he entered it, with the code of his country."""

    name: str
    mobile: str | None = None


@dataclass(frozen=True)
class Letter:
    """What is said to whom: ``text`` is plain, ``url`` leads to the record (None where no address is known)."""

    text: str
    people: tuple[Addressee, ...] = ()
    url: str | None = None
    link: str = ""  # what the link is called


@dataclass(frozen=True)
class Call:
    """A POST to make."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Why an answer is no success, in the other side's words; ``again``: it may do later."""

    said: str
    again: bool = True


class Channel(Protocol):
    """``key`` is the value of the field ``format`` of a webhook."""

    key: str
    label: Label

    def call(self, url: str, secret: str | None, letter: Letter, now: datetime) -> Call:
        """The call that says ``letter``, signed with ``secret`` where there is one."""

    def fault(self, status: int, body: bytes) -> Fault | None:
        """None for a success."""


def channels() -> dict[str, Channel]:
    """Key -> channel; two plugins with one key is a fault of theirs and told."""
    found: dict[str, Channel] = {}
    for brought in hooks().hook.message_channels():
        for channel in brought:
            if channel.key in found:
                raise ValueError(f"two plugins bring the message channel {channel.key!r}")
            found[channel.key] = channel
    return found

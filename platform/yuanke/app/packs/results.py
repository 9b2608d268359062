"""What a check of a pack found: fine, wrong, or not tried and why.

The one rule: a check that could not be made says so; silence means that it was made and all was well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["fine", "wrong", "untried"]


@dataclass(frozen=True)
class Result:
    """``about`` is an address of the dialect; ``check`` the name of the check; ``tried`` how many things it looked at."""

    check: str
    about: str
    state: State = "fine"
    said: str = ""
    tried: int = 1


def fine(check: str, about: str, tried: int = 1) -> Result:
    return Result(check, about, "fine", "", tried)


def wrong(check: str, about: str, said: str) -> Result:
    return Result(check, about, "wrong", said)


def untried(check: str, about: str, said: str) -> Result:
    return Result(check, about, "untried", said, 0)


def told(check: str, about: str, found: Iterable[Result], tried: int) -> Iterator[Result]:
    """What was found, or that all ``tried`` things were fine."""
    any_wrong = False
    for result in found:
        any_wrong |= result.state == "wrong"
        yield result
    if not any_wrong and tried:
        yield fine(check, about, tried)

"""What a thing that is kept was made of: whoever reads what may differ next time says so, and who keeps the thing listens.

The one rule: the clock, the organisation and a user's own record are read only through functions that call `saw`. What is
always part of the key (actor, version of metadata and rights) needs no mention.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listening: ContextVar[set[Hashable] | None] = ContextVar("watch", default=None)


def saw(what: Hashable) -> None:
    """Tell whoever listens that ``what`` was read; nothing happens when nobody does."""
    seen = _listening.get()
    if seen is not None:
        seen.add(what)


@contextmanager
def watching() -> Iterator[set[Hashable]]:
    """Everything that is told inside the block, blocks within it included."""
    outer, seen = _listening.get(), set[Hashable]()
    token = _listening.set(seen)
    try:
        yield seen
    finally:
        _listening.reset(token)
        if outer is not None:
            outer |= seen

"""Changes that are collected before they are applied: an overlay that only its author has.

The one rule: a draft is a wish, nothing runs on it. When somebody else's change came first, the two are laid together; where
they disagree the author decides, never the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.differences import Conflict, Side, open_ones, three_way
from yuanke.storage import definitions
from yuanke.storage.live import exists
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.system import OrderedJson, key, own_table
from yuanke.storage.tables import identity
from yuanke.storage.unit import Unit

DRAFT = own_table(
    "draft",
    key(),
    sa.Column("author", identity(), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("base", OrderedJson, nullable=False),  # the overlay that ran when it was begun, or was last laid together
    sa.Column("overlay", OrderedJson, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)
MOST_DRAFTS = 20
LONGEST_TITLE = 200


@dataclass(frozen=True)
class Draft:
    """``overlay`` is the whole of the enterprise's own changes as they shall be."""

    id: int
    author: int
    title: str
    base: Mapping[str, Any]
    overlay: Mapping[str, Any]
    made_at: datetime
    changed_at: datetime


def drafts(unit: Unit, author: int) -> list[Draft]:
    """The author's own, the last changed first."""
    if not exists(unit, DRAFT):
        return []
    asked = sa.select(DRAFT).where(DRAFT.c.author == author).order_by(DRAFT.c.changed_at.desc(), DRAFT.c.id.desc())
    return [_draft(row) for row in unit.execute(asked)]


def draft(unit: Unit, draft_id: int, author: int | None) -> Draft:
    """A draft of ``author``; somebody else's is not there."""
    asked = sa.select(DRAFT).where(DRAFT.c.id == draft_id, DRAFT.c.author == author)
    row = unit.execute(asked).first() if author is not None and exists(unit, DRAFT) else None
    if row is None:
        raise RecordNotFound(message("没有草稿 {id}", id=draft_id))
    return _draft(row)


def _draft(row: Any) -> Draft:
    return Draft(row.id, row.author, row.title, row.base, row.overlay, row.made_at, row.changed_at)


def begin(unit: Unit, author: int, title: str, overlay: Mapping[str, Any] | None = None) -> Draft:
    """A draft on what runs now; without ``overlay`` it changes nothing yet."""
    DRAFT.create(unit.connection, checkfirst=True)  # an enterprise of an earlier product
    if len(drafts(unit, author)) >= MOST_DRAFTS:
        raise Refused(message("一个人最多 {most} 份草稿，请先应用或丢弃一些", most=MOST_DRAFTS))
    running, now = overlay_of(unit), clock.now()
    wanted = running if overlay is None else _readable(overlay)
    values = {"author": author, "title": title[:LONGEST_TITLE], "base": running, "overlay": wanted}
    made = unit.execute(DRAFT.insert().values(**values, made_at=now, changed_at=now).returning(DRAFT.c.id))
    return draft(unit, made.scalar_one(), author)


def _readable(overlay: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it; it may still be wrong, but not beyond all measure."""
    layer = Layer.from_plain(definitions.OWN, "enterprise", overlay)
    if layer.faults:
        raise DefinitionError(layer.faults)
    return layer.plain()


def change(
    unit: Unit, held: Draft, overlay: Mapping[str, Any] | None = None, title: str | None = None, merge: bool = False
) -> Draft:
    """Another overlay, or with ``merge`` one laid over what the draft says."""
    values: dict[str, Any] = {"changed_at": clock.now()}
    if overlay is not None:
        values["overlay"] = _readable(merged(held.overlay, overlay) if merge else overlay)
    if title is not None:
        values["title"] = title[:LONGEST_TITLE]
    unit.execute(DRAFT.update().where(DRAFT.c.id == held.id).values(**values))
    return draft(unit, held.id, held.author)


def discard(unit: Unit, held: Draft) -> None:
    unit.execute(DRAFT.delete().where(DRAFT.c.id == held.id))


def laid_together(
    unit: Unit, held: Draft, choices: Mapping[str, Side] | None = None
) -> tuple[dict[str, Any], list[Conflict]]:
    """The overlay of the draft on what runs now (others may have changed it since), and where the two disagree."""
    overlay, conflicts = three_way(held.base, held.overlay, overlay_of(unit), choices)
    return dict(overlay), conflicts


def layers(unit: Unit, held: Draft, choices: Mapping[str, Side] | None = None) -> list[Layer]:
    """The layers that applying the draft would make run. Raises Refused, naming the places, when the author has to
    decide."""
    overlay, conflicts = laid_together(unit, held, choices)
    undecided = open_ones(conflicts)
    if undecided:
        said = message(
            "别人也改了这些地方，请逐处选择用哪一个：{places}", places=[conflict.address for conflict in undecided]
        )
        raise Refused(said, conflicts=[conflict.plain() for conflict in undecided])
    own = Layer.from_plain(definitions.OWN, "enterprise", overlay)
    return definitions.replaced(definitions.layers_of(unit), own)

"""Where a record went that was merged into another: its old id and its old number still lead somewhere.

The one rule: a redirect opens nothing; whoever follows it needs the right to read what stands at its end.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from yuanke.metadata.registry import Entity
from yuanke.records.tokens import fold
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, open_value
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

LONGEST_NUMBER = 200
REDIRECT = own_table(
    "redirect",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("to", identity(), nullable=False),
    sa.Column("number", sa.String(LONGEST_NUMBER)),
    sa.Column("change_set", identity()),
    sa.Index("ix_yk_redirect_record", "entity", "record"),
    sa.Index("ix_yk_redirect_number", "entity", "number"),
)
LONGEST_CHAIN = 20


def leave(unit: Unit, entity: Entity, lost: int, to: int, number: str | None, change_set: int) -> None:
    """Whoever asks for ``lost`` shall find ``to``."""
    kept = fold(number)[:LONGEST_NUMBER] if number else None
    unit.execute(REDIRECT.insert().values(entity=entity.key, record=lost, to=to, number=kept, change_set=change_set))


def take_away(unit: Unit, change_set: int) -> None:
    unit.execute(REDIRECT.delete().where(REDIRECT.c.change_set == change_set))


def led_on(unit: Unit, entity: str, record_id: int) -> int | None:
    """The record at the end of the redirects that begin at ``record_id``; None where none begins."""
    statement = constant(
        unit,
        "redirect",
        lambda: (
            sa.select(REDIRECT.c.to)
            .where(
                REDIRECT.c.entity == open_value("entity", REDIRECT.c.entity.type),
                REDIRECT.c.record == open_value("record", identity()),
            )
            .order_by(REDIRECT.c.id.desc())
            .limit(1)
        ),
    )
    at: int | None = None
    for _ in range(LONGEST_CHAIN):
        further = statement.scalar(unit, entity=entity, record=record_id if at is None else at)
        if further is None:
            break
        at = int(further)
    return at


def of_number(entities: Iterable[str], number: str) -> sa.Select[tuple[str, int]]:
    """SELECT of (entity, record) that took over a record with this number; the number is compared as it is searched for."""
    wanted = fold(number.strip())[:LONGEST_NUMBER]
    return sa.select(REDIRECT.c.entity, REDIRECT.c.to).where(
        REDIRECT.c.entity.in_(sorted(entities)), REDIRECT.c.number == wanted
    )

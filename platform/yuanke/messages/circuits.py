"""Other sides that fail again and again are left alone for a while, so that one dead receiver holds up nobody.

The one rule: it is kept in the enterprise's database, so every worker knows it, and one success forgets all failures.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import Unavailable
from yuanke.kernel.text import message
from yuanke.storage import Unit
from yuanke.storage.system import own_table

CIRCUIT = own_table(
    "circuit",
    sa.Column("target", sa.String(200), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("open_until", UtcDateTime),
)
#: failures in a row that open it, for how long at first, and at most
MOST_FAILURES = 5
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)


def check(unit: Unit, target: str) -> None:
    """Unavailable while ``target`` is left alone."""
    until = open_until(unit, target)
    if until is not None:
        raise Unavailable(message("{target} 接连失败，暂停访问", target=target), until=until.isoformat())


def open_until(unit: Unit, target: str) -> datetime | None:
    until = unit.execute(sa.select(CIRCUIT.c.open_until).where(CIRCUIT.c.target == target)).scalar()
    return until if until is not None and until > clock.now() else None


def succeeded(unit: Unit, target: str) -> None:
    unit.execute(CIRCUIT.delete().where(CIRCUIT.c.target == target))


def failed(unit: Unit, target: str) -> None:
    """Count it; from the fifth in a row on it is left alone, each time twice as long."""
    mine = CIRCUIT.c.target == target
    if open_until(unit, target) is not None:  # it was not even tried
        return
    counted = CIRCUIT.update().where(mine).values(failures=CIRCUIT.c.failures + 1).returning(CIRCUIT.c.failures)
    failures = unit.execute(counted).scalar()
    if failures is None:
        insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(CIRCUIT)
        unit.execute(insert.values(target=target, failures=1).on_conflict_do_nothing())
    elif failures >= MOST_FAILURES:
        pause = min(FIRST * 2 ** min(failures - MOST_FAILURES, 10), LONGEST)
        unit.execute(CIRCUIT.update().where(mine).values(open_until=clock.now() + pause))

"""Which faults of a database pass by themselves, so that the whole unit of work may be run again.

The one rule: only a unit that was rolled back as a whole is repeated, at most `TRIES` times.
"""

from __future__ import annotations

import random
import sqlite3

import sqlalchemy as sa

TRIES = 3
_SQLITE_BUSY = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED and their extended codes
#: serialization, deadlock, lock not available; a column or table renamed between the unit's head and its statement, a
#: column whose type changed since the statement was planned
_POSTGRESQL = {"40001", "40P01", "55P03", "42703", "42P01", "0A000"}


def passes(fault: BaseException) -> bool:
    """Whether running the unit again may well succeed."""
    if not isinstance(fault, sa.exc.DBAPIError):
        return False
    origin = fault.orig
    if isinstance(origin, sqlite3.OperationalError):
        return (getattr(origin, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_BUSY
    return getattr(origin, "sqlstate", None) in _POSTGRESQL


def pause(attempt: int) -> float:
    """Seconds to wait before the next run: short, growing, and different for each of those who collided."""
    return random.uniform(0.5, 1.5) * 0.02 * 2**attempt

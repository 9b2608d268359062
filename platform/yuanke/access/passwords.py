"""Passwords: hashed as Flask-AppBuilder hashes them, and checked in the same time whether the account is there or not.

The one rule: a hash is never compared inside a transaction (scrypt takes a tenth of a second, a lock must not).
"""

from __future__ import annotations

import os
from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import message

SHORTEST, LONGEST = 8, 256
LEAST_COST = 2**15  # Flask-AppBuilder's default: scrypt:32768:8:1 with a salt of 16
MOST_COST = 2**20


def cost() -> int:
    """N of scrypt for new hashes. ``YUANKE_PASSWORD_COST`` raises it; below `LEAST_COST` only a test runner may go.

    Raises ValueError for any other value. pytest itself says whether it runs: nothing a server is started with does.
    """
    given = os.environ.get("YUANKE_PASSWORD_COST")
    if not given:
        return LEAST_COST
    least = 256 if "PYTEST_CURRENT_TEST" in os.environ else LEAST_COST
    asked = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
    if not least <= asked <= MOST_COST or asked & (asked - 1):
        raise ValueError(
            f"YUANKE_PASSWORD_COST is {given!r}; it takes a power of two from {LEAST_COST} to {MOST_COST}. "
            f"Leave it out and {LEAST_COST} is used."
        )
    return asked


def hashed(password: str) -> str:
    """The text that stands in ``ab_user.password``; either side verifies what the other wrote."""
    return generate_password_hash(password, method=f"scrypt:{cost()}:8:1", salt_length=16)


@cache
def _hash_of_nobody(_cost: int) -> str:
    return hashed("nobody has this password")


def _nobody() -> str:
    return _hash_of_nobody(cost())


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` belongs to ``stored``; without a stored hash it takes as long and says no."""
    usable = bool(stored) and bool(password.strip("\0"))
    matches = check_password_hash(stored if usable and stored else _nobody(), password)
    return matches and usable


def check_strength(password: str, username: str = "", field: str = "password") -> None:
    """Refuse a new password that is too short, too long, or the user's own name."""
    if not SHORTEST <= len(password) <= LONGEST:
        said = message(
            "密码需要 {shortest} 到 {longest} 位，收到的是 {found} 位",
            shortest=SHORTEST,
            longest=LONGEST,
            found=len(password),
        )
        raise ValidationFailed({field: [said]})
    if "\0" in password or password.casefold() == username.casefold():
        raise ValidationFailed({field: [message("密码不能与用户名相同")]})

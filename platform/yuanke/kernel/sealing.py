"""Secrets at rest: what lets somebody into another system is kept sealed under a key of the installation.

The one rule: a sealed text says so itself. One that was kept plain before is read as it is and sealed when it is next
saved; one that another installation sealed stays as it is, and whoever needs it is told to enter it again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

MARK = "sealed:"
KEY = "YUANKE_SECRET_KEY"


def installation_secret(home: Path) -> str:
    """YUANKE_SECRET_KEY, else the key kept in ``<home>/secret.key``, readable by its owner only (made on first use)."""
    given = os.environ.get(KEY)
    if given:
        return given
    path = Path(home) / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def is_sealed(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(MARK)


class Sealer:
    """Seals and opens; the secret is asked for when the first text comes."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    @cached_property
    def _fernet(self) -> Any:
        from cryptography.fernet import Fernet

        return Fernet(
            base64.urlsafe_b64encode(hashlib.sha256(b"yuanke secrets at rest\0" + self._secret().encode()).digest())
        )

    def seal(self, text: str) -> str:
        return text if not text or is_sealed(text) else MARK + self._fernet.encrypt(text.encode()).decode()

    def open(self, text: str) -> str:
        """The plain text; what was sealed under another key comes back sealed."""
        from cryptography.fernet import InvalidToken

        if not is_sealed(text):
            return text
        try:
            return str(self._fernet.decrypt(text[len(MARK) :].encode()).decode())
        except InvalidToken:
            return text

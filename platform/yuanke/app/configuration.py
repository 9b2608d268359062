"""What the environment says, and the settings of Flask that follow from it.

The one rule: no default key ever serves. Without YUANKE_SECRET_KEY a key is made once and kept below the home folder,
readable by its owner only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from yuanke.kernel.sealing import KEY, installation_secret

PACKAGE = Path(__file__).resolve().parent.parent
LONGEST_BODY = 20 * 1024 * 1024
SHORTEST_KEY = 32


def home() -> Path:
    return Path(os.environ.get("YUANKE_HOME") or "instance").resolve()


def database_url() -> str | None:
    """None = SQLite files below home."""
    url = os.environ.get("YUANKE_DATABASE_URL") or None
    if url and not url.startswith("postgresql"):
        raise SystemExit(
            f"YUANKE_DATABASE_URL starts with {url.split(':')[0]!r}; it takes postgresql+psycopg://user@host/database.\n"
            "Leave it out to keep the data in SQLite files below YUANKE_HOME."
        )
    return url


def secret_key(home: Path) -> str:
    """The secret of the installation; one that is too short serves nobody."""
    given = os.environ.get(KEY)
    if given and len(given) < SHORTEST_KEY:
        raise SystemExit(
            f"{KEY} has {len(given)} characters; it needs {SHORTEST_KEY} or more. Leave it out and a key is made."
        )
    return installation_secret(home)


def check_password_cost() -> None:
    """Nothing starts with a cost of hashing that is none, or too low for real passwords."""
    from yuanke.access import passwords

    try:
        passwords.cost()
    except ValueError as fault:
        raise SystemExit(str(fault)) from None


def redis_url() -> str | None:
    """YUANKE_REDIS_URL: what several processes and machines share beside the database."""
    return os.environ.get("YUANKE_REDIS_URL") or None


def check_outgoing() -> None:
    """Nothing starts with a mail server or allowed addresses that cannot be understood."""
    from yuanke.messages.account import check_environment

    try:
        check_environment()
    except ValueError as fault:
        raise SystemExit(str(fault)) from None


def settings(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Flask's configuration; ``YUANKE_HOME``, ``YUANKE_DATABASE_URL`` and ``SECRET_KEY`` may be given in ``config``."""
    check_password_cost()
    check_outgoing()
    given = dict(config or {})
    at = Path(given.get("YUANKE_HOME") or home())
    return {
        "YUANKE_HOME": at,
        "YUANKE_DATABASE_URL": database_url() if "YUANKE_DATABASE_URL" not in given else None,
        "SECRET_KEY": given.get("SECRET_KEY") or secret_key(at),
        "MAX_CONTENT_LENGTH": LONGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 2_000,
        "SESSION_COOKIE_NAME": "yuanke",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": os.environ.get("YUANKE_HTTPS") == "1",
        "TRUSTED_PROXIES": int(os.environ.get("YUANKE_TRUSTED_PROXIES") or 0),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "WTF_CSRF_CHECK_DEFAULT": False,  # `yuanke.app.guard` checks, for every view alike
        "WTF_CSRF_TIME_LIMIT": None,  # the token lives as long as the session it is bound to
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(hours=1),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=30),
        "LOGIN_LIMIT_ACCOUNT": "10 per 15 minutes",
        "LOGIN_LIMIT_ADDRESS": "30 per 15 minutes",
        "ENTERPRISE_LIMIT": os.environ.get("YUANKE_ENTERPRISE_LIMIT") or "1500 per 10 seconds",
        "YUANKE_REDIS_URL": redis_url(),
        "RATELIMIT_STORAGE_URI": os.environ.get("YUANKE_REDIS_URL") or "memory://",
        "RATELIMIT_ENABLED": False,  # what is counted is counted by `yuanke.web.limits`
        "COMPRESS_MIMETYPES": ["text/html", "application/json", "application/problem+json", "text/csv"],
        "COMPRESS_MIN_SIZE": 1_400,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 3,
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_TRANSLATION_DIRECTORIES": str(PACKAGE / "translations"),
        "APP_NAME": "元客 Yuanke",
        "AUTH_ROLE_ADMIN": "admin",
        "AUTH_ROLE_PUBLIC": "public",
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_VIEWS": True,
        **given,
    }

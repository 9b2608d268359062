"""Fixtures of the served application, and an administrator who changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.served import (  # noqa: F401
    Caller,
    app,
    caller,
    database_url,
    enter,
    home,
    notes,
    staff,
    unchanged,
)


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


@pytest.fixture
def root(caller: Callable[[str], Caller]) -> Caller:  # noqa: F811
    return caller("root")


@pytest.fixture
def change(root: Caller) -> Callable[..., dict[str, Any]]:
    """``change({...}, "why")`` applies an overlay and gives the answer; with ``merge=False`` the whole overlay."""

    def apply(overlay: dict[str, Any], reason: str = "", merge: bool = True, **more: str) -> dict[str, Any]:
        asked = "&".join(f"{k}={v}" for k, v in {"merge": int(merge), "reason": reason, **more}.items() if v != "")
        answer = root.post(f"/customizations/apply?{asked}", overlay)
        assert answer.status_code == 200, answer.text
        return answer.json

    return apply


def field(key: str, spec: Any, entity: str = "note") -> dict[str, Any]:
    return {"entities": {entity: {"fields": {key: spec}}}}

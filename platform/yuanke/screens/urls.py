"""Addresses of pages, as architecture fixes them. One place, so that no template or page glues its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def entity(key: str, **query: Any) -> str:
    return with_query(f"/records/{key}", query)


def record(key: str, record_id: int) -> str:
    return f"/records/{key}/{record_id}"


def edit(key: str, record_id: int | str) -> str:
    return f"/records/{key}/{record_id}/edit"


def new(key: str, **query: Any) -> str:
    return with_query(f"/records/{key}/new", query)


def lookup(key: str, **query: Any) -> str:
    return with_query(f"/lookup/{key}", query)


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """``path?a=1&b=2&b=3``; None and empty values are left out, lists repeat."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        many = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((name, str(one)) for one in many if one not in (None, ""))
    return f"{path}?{urlencode(pairs)}" if pairs else path

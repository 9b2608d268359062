"""Values of a record in JSON and back without loss, for what a run must still know after the commit.

The one rule: what comes out equals what went in, whatever the field's type says today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from yuanke.fieldtypes.columns import Pointer

_KINDS: dict[str, tuple[type, Any, Any]] = {
    "n": (Decimal, str, Decimal),
    "i": (datetime, datetime.isoformat, datetime.fromisoformat),
    "d": (date, date.isoformat, date.fromisoformat),
    "t": (time, time.isoformat, time.fromisoformat),
    "s": (timedelta, timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    "l": (Pointer, lambda link: [link.entity, link.id], lambda pair: Pointer(*pair)),
}


def kept(value: Any) -> Any:
    """``value`` as JSON; what has no form of its own becomes text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {"m": {str(key): kept(one) for key, one in value.items()}}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [kept(one) for one in value]
    for mark, (kind, dump, _load) in _KINDS.items():
        if isinstance(value, kind):
            return {mark: dump(value)}
    return str(value)


def said(form: Any) -> Any:
    """The value again."""
    if isinstance(form, list):
        return [said(one) for one in form]
    if isinstance(form, dict):
        ((mark, value),) = form.items()
        return {key: said(one) for key, one in value.items()} if mark == "m" else _KINDS[mark][2](value)
    return form

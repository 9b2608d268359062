"""Computed figures as the browser writes them, so that a total does not change its look when a script takes over."""

from __future__ import annotations

from decimal import Decimal

from yuanke.metadata.registry import Field

#: digits of computed figures where the field says none
SCALES = {"money": 2, "price": 2, "integer": 0}


def scale_of(field: Field) -> int | None:
    """Digits behind the point that a computed figure shows; None: as many as it has."""
    return field.scale if field.scale is not None else SCALES.get(field.type.name)


def figure(value: Decimal | int, scale: int | None) -> str:
    """``1234.5`` -> ``1,234.50`` at scale 2."""
    if scale is None:
        return f"{value:,f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) and value % 1 else f"{value:,.0f}"
    return f"{value:,.{scale}f}"

"""Amounts of money, exact to the hundredth, in the enterprise's currency or the one the record names."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from babel.numbers import get_currency_precision, get_currency_symbol

from yuanke.fieldtypes.base import FieldSpec, Keys, Place
from yuanke.fieldtypes.exact import ExactType
from yuanke.fieldtypes.numerals import decimals_of, grouped
from yuanke.kernel.text import Label, message


@lru_cache(maxsize=256)
def symbol_of(currency: str, english: bool) -> str:
    """``¥`` for CNY (no blank behind it); ``US$``, ``€`` ...; a code without a sign is followed by a blank."""
    if currency == "CNY":
        return "¥"
    sign = get_currency_symbol(currency, locale="en" if english else "zh")
    return sign if not sign[-1:].isalpha() else sign + " "


@lru_cache(maxsize=256)
def places_of(currency: str) -> int:
    """Decimals that people write in this currency: 2 for CNY, 0 for JPY."""
    return get_currency_precision(currency)


class Money(ExactType):
    name = "money"
    label = Label("金额", "Money")
    help = Label(
        "金额，精确到分；币种默认取系统参数 currency，也可用 currency 指定本记录的币种字段或固定币种",
        "An amount, exact to 0.01; in the setting currency unless `currency` names a field or a code",
    )
    places = 2
    least = 2
    money = True
    widget = "money"
    wanted = message("金额（例如 1234.50）")
    keys: ClassVar[Keys] = {
        "currency": {"type": "string", "description": "A field that holds the currency, or a code such as USD"}
    }
    example = "{type: money, min: 0}"
    sample = "1234.50"

    def currency_of(self, field: FieldSpec, place: Place) -> str | None:
        """The code, or None when only the record knows (its `currency` field)."""
        named = field.more.get("currency")
        if not named:
            return place.currency
        return named if isinstance(named, str) and len(named) == 3 and named.isupper() else None

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else self.with_symbol(field, value, self.currency_of(field, place), place)

    def with_symbol(self, field: FieldSpec, value: Decimal, currency: str | None, place: Place) -> str:
        """``-¥1,234.50``; screens call it with the code that the record's currency field holds."""
        least = self.shown_least(currency, place)
        if field.scale is not None:
            least = max(field.scale, decimals_of(value))
        figure = grouped(abs(value), least)
        sign = "-" if value < 0 else ""
        return f"{sign}{symbol_of(currency, place.english) if currency else ''}{figure}"

    def shown_least(self, currency: str | None, place: Place) -> int:
        return min(self.least, places_of(currency)) if currency else self.least

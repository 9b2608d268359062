"""The price of one: finer than money, because it is multiplied."""

from __future__ import annotations

from yuanke.fieldtypes.base import Place
from yuanke.fieldtypes.money import Money
from yuanke.kernel.text import Label, message


class Price(Money):
    name = "price"
    label = Label("单价", "Price")
    help = Label(
        "单价，最多 4 位小数；显示位数由系统参数 price_scale 决定",
        "The price of one, up to 4 decimals; the setting price_scale says how many are shown at least",
    )
    places = 4
    setting = "price_scale"
    wanted = message("单价（例如 12.3456）")
    example = "{type: price, min: 0}"
    sample = "12.3456"

    def shown_least(self, currency: str | None, place: Place) -> int:
        asked = self.shown_places(place)
        return super().shown_least(currency, place) if asked is None else asked

"""Telephone numbers. The one rule: what was typed is kept if it can be a number; its normal form is for finding it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar

import phonenumbers
from phonenumbers import PhoneNumberFormat

from yuanke.fieldtypes.base import FieldSpec, Keys, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, Message, message

#: digits, the usual marks between them, and an extension in words
_PLAUSIBLE = re.compile(
    r"\+?[0-9(][0-9()\-./\s*]*(?:[#,;xX]|\s*(?:ext\.?|转|分机)\s*|[0-9()\-./\s*#,;])*", re.IGNORECASE
)
FEWEST_DIGITS, MOST_DIGITS = 3, 20


def normal_form(typed: str, country: str) -> str:
    """``+8613800138000`` where the number is valid (E.164, extension behind ``x``), else its bare digits."""
    try:
        number = phonenumbers.parse(re.sub("转|分机", " ext ", typed), country)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_valid_number(number):
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        return written + (f"x{number.extension}" if number.extension else "")
    return "".join(c for c in typed if c.isdigit())


class Phone(TextType):
    name = "phone"
    label = Label("电话", "Phone")
    help = Label(
        "手机或座机，可带区号和分机；查找时不论书写格式", "A telephone number, as written; found however it is written"
    )
    keys: ClassVar[Keys] = {
        "country": {
            "type": "string",
            "pattern": "^[A-Z]{2}$",
            "description": "Country of numbers without a country code",
        }
    }
    operators = ("contains", "eq", "starts", "in", "empty", "filled")
    widget = "phone"
    searchable = True
    longest = 60
    wanted = message("电话号码（例如 138 0013 8000 或 010-62345678 转 801）")
    example = "{type: phone}"
    sample = "138 0013 8000"

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        written = unicodedata.normalize("NFKC", tidy).replace("–", "-").replace("—", "-")
        digits = sum(c.isdigit() for c in written)
        if not (FEWEST_DIGITS <= digits <= MOST_DIGITS and written.isprintable() and _PLAUSIBLE.fullmatch(written)):
            raise expected(self.wanted, tidy)
        return written

    def country(self, field: FieldSpec, place: Place) -> str:
        return str(field.more.get("country") or place.settings.get("country") or "CN")

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        faults = super().declared_faults(field)
        country = field.more.get("country")
        if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
            faults["country"] = message("应为两个字母的国家代码（例如 CN、US），收到 {found}", found=str(country)[:20])
        return faults

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """As typed, as bare digits, and in normal form: the last eight digits of any of them find it."""
        if value is None:
            return ""
        forms = [value, "".join(c for c in value if c.isdigit()), self.same_text(field, value, place)]
        return " ".join(dict.fromkeys(forms))

    def same_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else normal_form(value, self.country(field, place))

    def mask(self, field: FieldSpec, value: Any, place: Place) -> str:
        """``138****8000``: first three, last four digits."""
        if value is None:
            return ""
        digits = "".join(c for c in value if c.isdigit())
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 9 else "****" + digits[-2:]

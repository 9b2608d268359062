"""The text behind a barcode or QR code; screens and prints draw it, scanners type it."""

from __future__ import annotations

from typing import Any, ClassVar

from yuanke.fieldtypes.base import FieldSpec, Keys, Place, ValueFault
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, message

SYMBOLOGIES = ("code128", "ean13", "qr")


def check_digit(digits: str) -> int:
    """The last digit of an EAN-13 number from the first twelve (GS1 General Specifications, 7.9.1)."""
    return -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10


class Barcode(TextType):
    name = "barcode"
    label = Label("条码", "Barcode")
    help = Label(
        "条形码或二维码的内容；symbology 选择 code128（默认）、ean13 或 qr",
        "What a barcode or QR code says; `symbology` is code128 (default), ean13 or qr",
    )
    keys: ClassVar[Keys] = {"symbology": {"enum": list(SYMBOLOGIES)}}
    operators = ("eq", "starts", "contains", "in", "empty", "filled")
    widget = "barcode"
    searchable = True
    longest = 80
    wanted = message("条码（例如 6901234567892）")
    example = "{type: barcode, symbology: ean13}"
    sample = "6901234567892"

    def symbology(self, field: FieldSpec) -> str:
        return str(field.more.get("symbology") or "code128")

    def limit(self, field: FieldSpec) -> int:
        return min(field.length or (1000 if self.symbology(field) == "qr" else self.longest), self.ceiling)

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        kind = self.symbology(field)
        if kind == "ean13" and not (len(tidy) == 13 and tidy.isascii() and tidy.isdigit()):
            raise expected(message("13 位数字的 EAN-13 条码（例如 6901234567892）"), tidy)
        if kind == "ean13" and int(tidy[-1]) != check_digit(tidy[:12]):
            raise ValueFault(
                message(
                    "条码 {found} 的校验位不对，按前 12 位应为 {digit}，请重新扫描",
                    found=found(tidy),
                    digit=check_digit(tidy[:12]),
                )
            )
        if kind == "code128" and not tidy.isascii():
            raise expected(message("只含英文字母、数字和符号的条码（中文请用 qr）"), tidy)
        return tidy

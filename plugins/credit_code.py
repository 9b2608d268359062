"""A plugin that brings a field type: 统一社会信用代码, the code by which every organisation in China is known.

It is the example of `docs/plugins.md`: one class, one hook. A module then says ``{type: credit_code}``.
"""

from __future__ import annotations

from typing import Any

from yuanke.fieldtypes import FieldSpec, FieldType, Place, TextType, ValueFault, expected
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label, message

#: digits and capital letters without I, O, S, V, Z, which look like others (GB 32100-2015, table 1)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18


def check_letter(first: str) -> str:
    """The 18th letter that belongs to the first 17: a sum weighted with powers of 3, modulo 31 (GB 32100-2015, 5.2)."""
    total = sum(LETTERS.index(letter) * pow(3, place, 31) for place, letter in enumerate(first))
    return LETTERS[-total % 31]


class CreditCode(TextType):
    name = "credit_code"
    label = Label("统一社会信用代码", "Credit code")
    help = Label(
        "18 位统一社会信用代码，核对校验位",
        "The 18 letters that identify a Chinese organisation, with their check letter",
    )
    operators = ("eq", "starts", "contains", "in", "empty", "filled")
    searchable = True
    wanted = message("18 位统一社会信用代码（例如 91350100M000100Y43）")
    example = "{type: credit_code, unique: true}"
    sample = "91350100M000100Y43"

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        code = tidy.replace(" ", "").upper()
        if len(code) != LENGTH or not set(code) <= set(LETTERS):
            raise expected(self.wanted, tidy)
        right = check_letter(code[:-1])
        if code[-1] != right:
            raise ValueFault(
                message("{code} 的校验位不对：按前 17 位，末位应为 {right}，请核对", code=code, right=right)
            )
        return code


@impl
def field_types() -> list[FieldType]:
    return [CreditCode()]

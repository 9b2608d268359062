"""E-mail addresses, checked by form only: no look-up ever leaves the machine."""

from __future__ import annotations

from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from yuanke.fieldtypes.base import FieldSpec, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, message

_PROBE = ".com"


def normalized(typed: str) -> str | None:
    """The address with its host in lower case; None when its form is wrong.

    Names of closed networks (``crm.local``, ``users.invalid``) are right here: an address need not reach the world.
    """
    inner = typed.rpartition("@")[2].lower().rpartition(".")[2] in SPECIAL_USE_DOMAIN_NAMES
    try:
        written = validate_email(typed + _PROBE if inner else typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return written.normalized.removesuffix(_PROBE) if inner else written.normalized


class Email(TextType):
    name = "email"
    label = Label("邮箱", "E-mail")
    help = Label("电子邮件地址", "An e-mail address")
    operators = ("contains", "eq", "starts", "in", "empty", "filled")
    widget = "email"
    searchable = True
    longest = 254
    wanted = message("邮箱地址（例如 li.lei@example.com）")
    example = "{type: email, unique: true}"
    sample = "li.lei@example.com"

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return super().json_schema(field) | {"format": "email"}

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        written = normalized(tidy)
        if written is None:
            raise expected(self.wanted, tidy)
        return written

    def same_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else value.casefold()

    def mask(self, field: FieldSpec, value: Any, place: Place) -> str:
        """``l***@example.com``"""
        if value is None:
            return ""
        name, _, host = value.rpartition("@")
        return f"{name[:1]}***@{host}"

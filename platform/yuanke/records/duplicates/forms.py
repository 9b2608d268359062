"""Normal forms: what two texts that mean the same have in common.

The one rule: a form only ever loses what people write differently (width, case, brackets, blanks, the words for a kind of
company, the country code), never what tells two things apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from yuanke.fieldtypes import Place
from yuanke.metadata.registry import Field
from yuanke.records.tokens import fold

LONGEST = 200
#: what a company is, behind its name; the longest first, so that 股份有限公司 goes before 有限公司
KINDS = (
    "股份有限责任公司", "股份有限公司", "有限责任公司", "有限合伙企业", "合伙企业", "有限公司", "股份公司", "公司", "股份",
    "incorporated", "corporation", "company", "limited", "gmbh", "corp", "inc", "llc", "ltd", "plc", "pte", "co", "sa", "ag", "bv",
)  # fmt: skip
_LATIN_WORDS = re.compile(r"[a-z]+")
_HAN = re.compile(r"[㐀-䶿一-鿿]")


@lru_cache(maxsize=20_000)
def company(text: str) -> str:
    """``上海蓝天（科技）股份有限公司`` -> ``上海蓝天科技``; ``Acme Trading Co., Ltd.`` -> ``acmetrading``."""
    folded = fold(text)
    whole = _letters(folded)
    words = folded if not _HAN.search(folded) else ""
    cut = _without_latin_kinds(words) if words else whole
    for kind in KINDS if not words else ():
        if cut.endswith(kind) and len(cut) >= len(kind) + 2:
            cut = cut[: -len(kind)]
    return (cut or whole)[:LONGEST]


def _without_latin_kinds(words: str) -> str:
    parts = re.findall(r"[^\W_]+", words)
    while len(parts) > 1 and parts[-1] in KINDS:
        parts.pop()
    return "".join(parts)


@lru_cache(maxsize=20_000)
def name(text: str) -> str:
    """Letters and digits alone, width and case folded."""
    return _letters(fold(text))[:LONGEST]


def code(text: str) -> str:
    """``91-3101 15ma1k`` -> ``91310115MA1K``."""
    return _letters(fold(text)).upper()[:LONGEST]


def _letters(folded: str) -> str:
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN")


FORMS: dict[str, Callable[[str], str]] = {"company": company, "name": name, "code": code}


def kind_of(field: Field) -> str:
    """The normal form a field has: the declared one, else what its type suggests; "exact" for what is no text."""
    declared = field.more.get("normal")
    if isinstance(declared, str):
        return declared
    if field.type.name == "phone":
        return "phone"
    return "name" if field.type.kind == "text" and not field.options else "exact"


def form_of(field: Field, value: Any, place: Place) -> str:
    """The normal form of a value; "" for nothing."""
    if value is None or value == "" or value == []:
        return ""
    kind = kind_of(field)
    if kind == "phone":
        return _phone(field, str(value), place)
    if kind == "exact":
        return str(getattr(value, "id", value))[:LONGEST]
    if field.type.name == "email":
        return fold(str(value)).strip()[:LONGEST]
    return FORMS[kind](str(value))


def _phone(field: Field, value: str, place: Place) -> str:
    """Of a text field too: with the country of the enterprise."""
    from yuanke.fieldtypes.phone import normal_form

    country = str(field.more.get("country") or place.settings.get("country") or "CN")
    return normal_form(value, country)[:LONGEST]

"""Text that may enter the engine: no NUL, no lone surrogate, no control characters, within its length."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]
import sqlalchemy as sa

from yuanke.fieldtypes.base import FieldSpec, FieldType, Place, ValueFault
from yuanke.fieldtypes.columns import SealedText
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.moments import cell_moment_text
from yuanke.fieldtypes.numerals import plain
from yuanke.kernel.text import Message, message

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile("[\r\n\u2028\u2029]+")
#: no width, direction marks, byte order mark: invisible, and they make two equal words differ
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def refuse_forbidden(raw: str) -> None:
    """Raise ValueFault for characters that a database, XML or a terminal would choke on."""
    if not raw.isprintable():
        _refuse(_FORBIDDEN.search(raw))


def refuse_unstorable(raw: str) -> None:
    """Raise ValueFault for the two things that no database keeps in a text: NUL and half a character."""
    _refuse(_UNSTORABLE.search(raw))


def _refuse(bad: re.Match[str] | None) -> None:
    if bad:
        code = f"U+{ord(bad.group()):04X}"
        raise ValueFault(message("第 {at} 个字符是不允许的控制字符 {code}，请删去", at=bad.start() + 1, code=code))


def one_line(raw: str) -> str:
    """Line breaks become blanks, the ends are trimmed, invisible marks go."""
    if raw.isprintable():
        return raw.strip()
    return _INVISIBLE.sub("", " ".join(part.strip() for part in _BREAKS.split(raw))).strip()


def many_lines(raw: str) -> str:
    """Line breaks become ``\\n``; blanks at the ends go."""
    return raw.replace("\r\n", "\n").replace("\r", "\n").strip()


def folded(text: str) -> str:
    """Width, case and blanks folded: ``ＡＢ c`` and ``abc`` are one word."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> Any:
    """``pattern`` in RE2 (linear time, no back-references). Raises ValueFault with RE2's own words."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        told = problem.args[0] if problem.args else ""
        said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise ValueFault(
            message(
                "格式规则“{pattern}”不是有效的 RE2 表达式（{problem}）；RE2 不支持反向引用和环视",
                pattern=pattern,
                problem=said,
            )
        ) from None


class TextType(FieldType):
    """Base of everything that is stored as text: cleaned, measured, matched."""

    kind = "text"
    operators: tuple[str, ...] = ("contains", "eq", "ne", "starts", "in", "empty", "filled")
    #: characters, where the field does not say `length`
    longest = 200
    #: more than this no field may declare
    ceiling = 100_000
    wanted: Message = message("文字")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return SealedText() if field.more.get("sealed") else sa.Text()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.limit(field)}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise expected(self.wanted, raw)
        limit = self.limit(field)
        tidy = raw
        if len(raw) <= 2 * self.ceiling:  # far beyond it nothing is looked at
            refuse_forbidden(raw)
            tidy = self.tidy(raw)
        if len(tidy) > limit:
            raise ValueFault(message("最多 {limit} 个字符，收到 {count} 个", limit=limit, count=len(tidy)))
        return self.read(field, tidy, place) if tidy else None

    def tidy(self, raw: str) -> str:
        return one_line(raw)

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        """The value of a clean, non-empty text within its length."""
        return tidy

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.parse(field, value if value is None or isinstance(value, str) else cell_text(value), place)

    def limit(self, field: FieldSpec) -> int:
        return min(field.length or self.longest, self.ceiling)

    def check(self, field: FieldSpec, value: Any) -> None:
        if field.pattern and not compiled(field.pattern).fullmatch(value):
            raise ValueFault(message("{found} 不符合格式规则 {pattern}", found=found(value), pattern=field.pattern))

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        faults = {}
        if field.length is not None and not 1 <= field.length <= self.ceiling:
            faults["length"] = message("长度应在 1 到 {most} 之间，收到 {found}", most=self.ceiling, found=field.length)
        if field.pattern:
            try:
                compiled(field.pattern)
            except ValueFault as fault:
                faults["pattern"] = fault.said
        return faults

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        return self.parse(field, cell_text(cell), place)


def cell_text(cell: Any) -> str | None:
    """What a person saw in the cell: ``12.0`` is ``12``, a date is ``2026-03-05``; control characters are dropped."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return _FORBIDDEN.sub("", cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return plain(cell) or cell_moment_text(cell)

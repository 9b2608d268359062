"""A first mapping for a file nobody has seen: by labels, keys and what the cells look like, each with its confidence.

The one rule: a field is filled by one column at most, and what is only guessed says so.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yuanke.exchange.cells import Cell, CellFault, exact, shown
from yuanke.exchange.columns import is_number, name_of
from yuanke.exchange.mapping import ImportMapping, Source
from yuanke.fieldtypes import Place, ValueFault
from yuanke.fieldtypes.region import full_path
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field

#: from here on a proposal is taken without asking
SURE = 0.75
LEAST = 0.45
#: types whose values can be told by looking at them
TELLING = frozenset({"phone", "email", "url", "date", "datetime", "region", "choice", "choices", "user", "department"})
#: types that take nearly any text
UNTELLING = frozenset({"text", "long_text", "rich_text", "tags", "json", "barcode", "address"})
#: endings of a header that say in which unit its figures stand
UNITS = {
    "万": 10_000,
    "万元": 10_000,
    "千": 1_000,
    "千元": 1_000,
    "百万": 1_000_000,
    "亿": 100_000_000,
    "亿元": 100_000_000,
}
_UNIT = re.compile(r"[(（]\s*(?:单位[:：]?)?\s*([万千百亿元]+)\s*[)）]\s*$")
_PUNCTUATION = re.compile(r"[\W_]+")
#: does a text name a user, a department ...? Given by the caller, who may look it up
Knows = Callable[[Field, Sequence[str]], int]


@dataclass(frozen=True)
class Proposal:
    """What becomes of one column; ``field`` None: nothing fits. ``unknown``: texts of the sample that the field does
    not take."""

    column: str
    field: str | None
    confidence: float
    reason: Message
    source: Source | None = None
    unknown: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        return self.field is not None and self.confidence >= SURE and not self.unknown


def propose(
    entity: Entity,
    header: Sequence[str],
    sample: Sequence[Sequence[Cell]],
    place: Place,
    writable: frozenset[str],
    knows: Knows | None = None,
) -> list[Proposal]:
    """One proposal for each column, in the order of the header. ``sample``: some first rows."""
    fields = [
        f
        for k, f in entity.fields.items()
        if k in writable and not f.retired and not f.rows and f.source in ("typed", "system")
    ]
    columns = [[row[at] for row in sample if at < len(row) and row[at] is not None] for at in range(len(header))]
    scores = []
    for at, column in enumerate(header):
        for known in fields:
            score, reason, unknown = _score(column, columns[at], known, place, knows)
            if score >= LEAST:
                scores.append((score, -at, known.key, reason, unknown))
    chosen: dict[int, tuple[float, str, Message, tuple[str, ...]]] = {}
    taken: set[str] = set()
    for score, minus_at, key, reason, unknown in sorted(scores, key=lambda s: (-s[0], -s[1])):
        if -minus_at not in chosen and key not in taken:
            chosen[-minus_at] = (score, key, reason, unknown)
            taken.add(key)
    return [_proposal(column, chosen.get(at), entity) for at, column in enumerate(header)]


def mapping_of(
    entity: Entity, proposals: Sequence[Proposal], key: Sequence[str] = (), sure_only: bool = False
) -> ImportMapping:
    """The proposals as a mapping; ``sure_only`` leaves out what a person should confirm."""
    columns = {p.field: p.source for p in proposals if p.field and p.source and (p.sure or not sure_only)}
    return ImportMapping(entity.key, columns, key=tuple(key))


def _proposal(column: str, chosen: tuple[float, str, Message, tuple[str, ...]] | None, entity: Entity) -> Proposal:
    if chosen is None:
        return Proposal(column, None, 0.0, message("没有合适的字段"))
    score, key, reason, unknown = chosen
    factor = _factor(column) if entity.fields[key].type.numeric else None
    if factor is None:
        return Proposal(column, key, round(score, 2), reason, Source(column=column), unknown)
    said = message("{reason}，单位换算 ×{factor}", reason=reason, factor=f"{factor:,}")
    return Proposal(column, key, round(score, 2), said, Source(expression=f"{name_of(column)} * {factor}"), unknown)


def _score(
    column: str, cells: Sequence[Cell], known: Field, place: Place, knows: Knows | None
) -> tuple[float, Message, tuple[str, ...]]:
    """How well a column suits a field: its name first, what its cells look like second."""
    name, same = _likeness(column, known)
    fit, unknown = _fit(cells, known, place, knows)
    if fit is not None and fit < 0.5:
        return (0.6 if same else 0.0), message("名称相同，但内容不像{label}", label=known.label), unknown
    telling = known.type.name in TELLING or known.targets in (("user",), ("department",))
    if same:
        return (1.0 if not unknown else 0.8), message("名称相同"), unknown
    if telling and fit is not None and fit >= 0.9 and cells:
        reason = message("内容是{type}", type=known.type.label)
        return 0.55 + 0.4 * max(name, _type_named(column, known)), reason, unknown
    if known.options and fit is not None and cells and name > 0.2:
        return max(0.45 + 0.2 * fit, 0.9 * name), message("名称和内容相近"), unknown
    return 0.9 * name, message("名称相近"), unknown


def _likeness(column: str, known: Field) -> tuple[float, bool]:
    """0..1 between a header and the names of a field, and whether one is the same."""
    word = _plain(_UNIT.sub("", column))
    names = {_plain(known.key), _plain(known.label.zh), _plain(known.label.en)}
    if word and word in names:
        return 1.0, True
    best = 0.0
    for name in names - {""}:
        ratio = difflib.SequenceMatcher(None, word, name).ratio()
        within = word in name or name in word
        best = max(
            best,
            ratio,
            0.6 + 0.35 * min(len(word), len(name)) / max(len(word), len(name), 1) if within and word else 0.0,
        )
    return best, False


def _type_named(column: str, known: Field) -> float:
    """1 when the header says the kind of the field: ``联系电话`` for a telephone number."""
    word = _plain(column)
    label = known.type.label
    return 1.0 if any(part and part in word for part in (_plain(label.zh), _plain(label.en))) else 0.0


def _fit(
    cells: Sequence[Cell], known: Field, place: Place, knows: Knows | None
) -> tuple[float | None, tuple[str, ...]]:
    """Share of the cells that the field takes, and texts it does not take; None when that says nothing."""
    texts = [shown(cell).strip() for cell in cells if not isinstance(cell, CellFault)]
    if not texts:
        return None, ()
    if known.targets:
        if knows is None:
            return None, ()
        return knows(known, texts) / len(texts), ()
    good, unknown = 0, []
    for cell in cells:
        try:
            good += known.type.read_cell(known, cell, place) is not None and _is_typical(known, cell)
        except ValueFault:
            unknown.append(shown(cell)[:60])
    if known.type.name in UNTELLING:
        return None, ()
    if known.type.numeric and all(map(is_number, cells)) and _looks_like_code(cells):
        return 0.4, ()
    return good / len(texts), tuple(dict.fromkeys(unknown)) if known.options else ()


def _is_typical(known: Field, cell: Cell) -> bool:
    """Not only taken by the type but recognised: a region takes any foreign name, only a Chinese one tells it."""
    return known.type.name != "region" or full_path(shown(cell)) is not None


def _looks_like_code(cells: Sequence[Cell]) -> bool:
    """Long whole numbers are codes or telephone numbers, not amounts."""
    return all(
        isinstance(cell, (int, str))
        and len(shown(cell).strip()) >= 11
        and exact(int(shown(cell).strip().split(".")[0])) > 0
        for cell in cells
    )


def _plain(text: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _factor(column: str) -> int | None:
    found = _UNIT.search(column)
    return UNITS.get(found.group(1)) if found else None


def value_choices(known: Field) -> Mapping[str, Any]:
    """What a text of the file may be made to stand for: option keys with their labels."""
    return {key: option.label for key, option in (known.options or {}).items() if not option.retired}

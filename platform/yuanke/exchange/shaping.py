"""From the cells of one row to the values of one record: each cell read by its field's type, every fault at its field.

Links are only gathered here (`linking` finds them for many rows at once). The one rule: nothing is lost silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from yuanke.exchange.cells import Cell, CellFault, shown
from yuanke.exchange.columns import Computed, columns_read, compile_computed
from yuanke.exchange.mapping import MappingFault, Source
from yuanke.fieldtypes import Place, ValueFault
from yuanke.fieldtypes.choices import pieces
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field

#: values that several records may share
UNCHANGING = (str, int, Decimal, date, time)
MOST_KEPT = 2_000


@dataclass
class Shaped:
    """One record as a file gives it. ``links``: field -> texts to be found; ``empty``: mapped fields without a
    value; ``read``: fields whose value a cell gave, read by the field's type."""

    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    errors: dict[str, list[Message]] = field(default_factory=dict)

    def fault(self, key: str, said: Message) -> None:
        self.errors.setdefault(key, []).append(said)


class Shaper:
    """Built once for a file; `shape` is called for each row. Raises MappingFault for an expression that does not
    compile."""

    def __init__(
        self,
        entity: Entity,
        sources: Mapping[str, Source],
        constants: Mapping[str, Any],
        header: Sequence[str],
        numbers: set[str],
        place: Place,
    ) -> None:
        self.entity = entity
        self.header = list(header)
        self.place = place
        self.constants = dict(constants)
        self._columns: list[tuple[Field, Source, int]] = []
        self._computed: list[tuple[Field, Source, Computed]] = []
        self._kept: dict[str, dict[str, Any]] = {}  # field -> text -> value: most columns hold few different texts
        faults: dict[str, Message] = {}
        for name, source in sources.items():
            known = entity.fields[name]
            if source.expression is None:
                self._columns.append((known, source, self.header.index(source.column or "")))
                continue
            made = compile_computed(source.expression, self.header, numbers, known.options or ())
            if isinstance(made, Message):
                faults[f"columns.{name}"] = made
            else:
                self._computed.append((known, source, made))
        if faults:
            raise MappingFault(faults)

    def shape(self, cells: Sequence[Cell]) -> Shaped:
        shaped = Shaped()
        for known, source, at in self._columns:
            self._take(shaped, known, source, cells[at])
        if self._computed:
            row = dict(zip(self.header, cells, strict=False))
            for known, source, computed in self._computed:
                self._compute(shaped, known, source, computed, row)
        for name, value in self.constants.items():
            self._constant(shaped, self.entity.fields[name], value)
        return shaped

    def columns_of(self, name: str) -> list[str]:
        """The columns that a field is made from, for marking the cells of a fault."""
        found = [self.header[at] for known, _, at in self._columns if known.key == name]
        return found + [c for known, _, computed in self._computed if known.key == name for c in computed.columns]

    def _take(self, shaped: Shaped, known: Field, source: Source, cell: Cell) -> None:
        if cell is None:
            shaped.empty.append(known.key)
        elif isinstance(cell, CellFault):
            shaped.fault(known.key, cell.said)
        elif source.values and (text := shown(cell).strip()) in source.values:
            self._constant(shaped, known, source.values[text])
        elif known.targets:
            self._gather(shaped, known, shown(cell))
        else:
            self._read(shaped, known, cell)

    def _read(self, shaped: Shaped, known: Field, cell: Any) -> None:
        kept = self._kept.setdefault(known.key, {})
        value = kept.get(cell) if isinstance(cell, str) else None
        if value is None:
            try:
                value = known.type.read_cell(known, cell, self.place)
            except ValueFault as fault:
                shaped.fault(known.key, fault.said)
                return
            if isinstance(cell, str) and isinstance(value, UNCHANGING) and len(kept) < MOST_KEPT:
                kept[cell] = value
        if value is None:
            shaped.empty.append(known.key)
        else:
            shaped.values[known.key] = value
            shaped.read.add(known.key)

    def _gather(self, shaped: Shaped, known: Field, text: str) -> None:
        texts = (
            tuple(str(piece) for piece in pieces(text)) if known.pairs or known.multiple else (" ".join(text.split()),)
        )
        if any(texts):
            shaped.links[known.key] = texts
        else:
            shaped.empty.append(known.key)

    def _compute(
        self, shaped: Shaped, known: Field, source: Source, computed: Computed, row: Mapping[str, Cell]
    ) -> None:
        for column in computed.columns:
            if isinstance(cell := row.get(column), CellFault):
                shaped.fault(known.key, cell.said)
                return
        try:
            value = computed.evaluate(row)
            if value is not None and not isinstance(value, str) and not known.targets:
                value = known.type.settle(known, value, self.place)
        except ArithmeticError:
            shaped.fault(known.key, message("按表达式算不出结果，请检查 {columns}", columns=tuple(computed.columns)))
            return
        except ValueFault as fault:
            shaped.fault(known.key, fault.said)
            return
        if isinstance(value, str) or known.targets:
            self._take(shaped, known, source, value if value is None or isinstance(value, str) else shown(value))
        elif value is None:
            shaped.empty.append(known.key)
        else:
            shaped.values[known.key] = value

    def _constant(self, shaped: Shaped, known: Field, value: Any) -> None:
        """A value of the mapping itself; the door reads it as the API would."""
        if known.targets and isinstance(value, str):
            self._gather(shaped, known, value)
        elif known.targets and isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            shaped.links[known.key] = tuple(value)
        elif value is None:
            shaped.empty.append(known.key)
        else:
            shaped.values[known.key] = value


def columns_in_expressions(sources: Iterable[Source], header: Sequence[str]) -> list[str]:
    """The columns whose kind must be known before the rows are shaped."""
    found: dict[str, None] = {}
    for source in sources:
        if source.expression is not None:
            found.update(dict.fromkeys(columns_read(source.expression, list(header))))
    return list(found)

"""The two sides of a plan: what runs and lies in the database, what is wanted; and the counts a plan tells.

The one rule: everything here only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import SealedText
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.storage.definitions import layers_of
from yuanke.storage.describe import Shape, TableShape, own_shape, table_shape
from yuanke.storage.live import LiveTable, live_shape
from yuanke.storage.system import RETIRED, STEP
from yuanke.storage.tables import bare, physical
from yuanke.storage.unit import Unit

#: from here on an index is built aside, and a step that walks all rows is called slow
BIG = 50_000
SAMPLES = 5


class Comparison:
    """What `tablesteps` and `declared` look at."""

    def __init__(self, unit: Unit, layers: Sequence[Layer], after: Registry, decisions: Mapping[str, str]) -> None:
        self.unit = unit
        self.before = unit.registry
        self.after = after
        self.layers = layers
        self.decisions = decisions
        self._rows: dict[str, int] = {}

    def decision(self, address: str) -> str | None:
        """What becomes of values that an earlier field or entity left behind."""
        return self.decisions.get(address) or self.decisions.get("*")

    @property
    def dialect(self) -> str:
        return self.unit.dialect

    @cached_property
    def running_layers(self) -> list[Layer]:
        return layers_of(self.unit)

    @cached_property
    def live(self) -> dict[str, LiveTable]:
        return live_shape(self.unit.connection, self.unit.enterprise.place)

    @cached_property
    def wanted(self) -> Shape:
        return Wanted(self.after, self.dialect)

    @cached_property
    def own_layer_only(self) -> bool:
        """Only what the enterprise says of itself moves: then entities that do not move need no second look."""
        running = {layer.digest for layer in self.running_layers}
        moved = [layer for layer in self.layers if layer.digest not in running]
        return bool(moved) and all(layer.rank == "enterprise" for layer in moved)

    def stands(self, entity: Entity) -> bool:
        """Whether ``entity`` says what it said before and its table is there with all its columns."""
        before, there = self.before.entities.get(entity.key), self.live.get(physical(entity.key))
        if before is None or not entity.digest or before.digest != entity.digest or there is None:
            return False
        return all(field.key in there.columns for field in entity.fields.values() if field.has_column)

    @cached_property
    def own(self) -> Shape:
        return own_shape(self.dialect)

    @cached_property
    def retired(self) -> dict[tuple[str, str], Any]:
        """(entity, column) -> what is known of a column that no running definition names."""
        return {(row.entity, row.column): row for row in self.unit.execute(sa.select(RETIRED))}

    @cached_property
    def pending(self) -> list[Any]:
        return list(self.unit.execute(sa.select(STEP).where(STEP.c.state == "pending").order_by(STEP.c.id)))

    def rows(self, table: str) -> int:
        """How many rows a live table has, the bin included; 0 for one that is not there."""
        if table not in self.live:
            return 0
        if table not in self._rows:
            self._rows[table] = self.unit.connection.scalar(sa.select(sa.func.count()).select_from(bare(table))) or 0
        return self._rows[table]

    def big(self, table: str) -> bool:
        return self.rows(table) >= BIG

    def count(
        self,
        table: str,
        column: str,
        condition: Callable[[sa.Column[Any]], sa.ColumnElement[bool]],
        type_: sa.types.TypeEngine[Any] | None = None,
    ) -> int:
        """Rows of a live table whose ``column`` fulfils a condition."""
        source = bare(table, **{column: type_})
        statement = sa.select(sa.func.count()).select_from(source).where(condition(source.c[column]))
        return self.unit.connection.scalar(statement) or 0

    def filled(self, table: str, column: str) -> int:
        return self.count(table, column, lambda held: held.is_not(None))


class Wanted(Mapping[str, TableShape]):
    """Physical name -> the table an entity wants; described when it is asked for."""

    def __init__(self, registry: Registry, dialect: str) -> None:
        self._registry, self._dialect = registry, dialect
        self._entities = {physical(key): entity for key, entity in registry.entities.items()}

    def __getitem__(self, name: str) -> TableShape:
        return table_shape(self._entities[name], self._registry, self._dialect)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entities)

    def __len__(self) -> int:
        return len(self._entities)


def signature(field: Field) -> str:
    """What a column keeps, in words that differ exactly when its values mean something else (scale included)."""
    type_ = field.type.column_type(field)
    scale = getattr(type_, "exact_scale", "")
    return f"{type(type_).__name__}:{scale}" if not isinstance(type_, (sa.String, sa.Text, SealedText)) else "Text:"


def same_field(entity: Entity | None, key: str) -> Field | None:
    """The field of a running entity that has a column, or None."""
    found = entity.fields.get(key) if entity is not None else None
    return found if found is not None and found.has_column else None

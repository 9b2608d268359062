"""What would be, looked at before it is: a unit that reads with definitions nobody has applied.

The one rule: no table is touched. Entities that would differ are read through temporary views of this connection, in which
a field without a column is empty; the unit's transaction is always rolled back, and the views with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.registry import Entity, Field
from yuanke.storage import ddl
from yuanke.storage.comparison import same_field, signature
from yuanke.storage.describe import type_text
from yuanke.storage.live import LiveTable, live_shape
from yuanke.storage.tables import LONGEST_NAME, Tables, column_of, physical
from yuanke.storage.unit import Unit

TEMPORARY = {"sqlite": "temp", "postgresql": "pg_temp"}


def preview(unit: Unit, layers: Sequence[Layer]) -> Unit:
    """A unit on the same connection that runs ``layers``; the transaction around must be rolled back. Reads only."""
    registry = compile_layers(list(layers))
    live = live_shape(unit.connection, unit.enterprise.place)
    seen = Previewed(registry)
    unfilled = set(unit.unfilled)
    for key, entity in registry.entities.items():
        running = unit.registry.entities.get(key)
        if running is None or (running is not entity and running.digest != entity.digest):
            there = live.get(physical(key)) if running is not None else None
            seen.see(unit, entity, running, there)
            unfilled |= {(key, f.key) for f in _new(entity, running) if f.source in ("stored", "rollup")}
    mark = f"{unit.enterprise.place} {unit.registry.digest} {registry.digest}"
    serial = -int(hashlib.sha256(mark.encode()).hexdigest()[:12], 16)  # what is remembered of it is its own
    settings = {key: field.default for key, field in registry.settings.items()} | dict(unit.settings)
    made = Unit(
        unit.installation,
        unit.enterprise,
        unit.connection,
        False,
        unit.head,
        registry,
        settings,
        frozenset(unfilled),
        serial,
    )
    made.tables = seen
    return made


def _new(entity: Entity, running: Entity | None) -> Iterator[Field]:
    yield from (f for f in entity.fields.values() if f.has_column and same_field(running, f.key) is None)


class Previewed(Tables):
    """Tables of a Registry that is only looked at: the live ones, and views in the place of those that would differ."""

    def see(self, unit: Unit, entity: Entity, running: Entity | None, there: LiveTable | None) -> None:
        fields = [field for field in entity.fields.values() if field.has_column]
        columns = {field.key: column_of(field) for field in fields}
        shown = []
        for field in fields:
            column = _source(entity, running, field.key, there)
            type_ = type_text(columns[field.key].type, unit.dialect)
            name = ddl.quoted(field.key, unit.dialect)
            from_ = f"CAST(NULL AS {type_})" if column is None else ddl.quoted(column, unit.dialect)
            shown.append(f"{from_} AS {name}")
        live = ddl.quoted(physical(entity.key), unit.dialect)
        place = "main" if unit.dialect == "sqlite" else ddl.quoted(unit.enterprise.place, unit.dialect)
        select = f"SELECT {', '.join(shown)}" + (f" FROM {place}.{live}" if there is not None else " WHERE 1 = 0")
        digest = hashlib.sha256(f"{unit.enterprise.place}\0{select}".encode()).hexdigest()[:12]
        view = f"{physical(entity.key)[: LONGEST_NAME - 14]}_d{digest}"
        unit.connection.exec_driver_sql(f"CREATE TEMPORARY VIEW {ddl.quoted(view, unit.dialect)} AS {select}")
        self._made[entity.key] = sa.Table(view, sa.MetaData(), *columns.values(), schema=TEMPORARY[unit.dialect])


def _source(entity: Entity, running: Entity | None, key: str, there: LiveTable | None) -> str | None:
    """The live column that a field would have its values from, if they would mean the same."""
    field = entity.fields[key]
    for name in (key, str(field.more.get("formerly"))):
        old = same_field(running, name)
        if there is not None and old is not None and name in there.columns:
            return name if signature(old) == signature(field) else None
    return None

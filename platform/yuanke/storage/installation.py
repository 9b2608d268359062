"""One installation of the product: its home folder, its database, its enterprises, and the units of work on them.

The one rule: a Registry is served only in the version the database names at the head of the unit.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import RecordNotFound, Unavailable
from yuanke.kernel.text import message
from yuanke.metadata import Layer, compile_layers, system_layers
from yuanke.metadata.compiler import known_registry
from yuanke.metadata.registry import Registry
from yuanke.storage.directory import Directory
from yuanke.storage.engines import Engines
from yuanke.storage.prepared import Prepared
from yuanke.storage.system import LAYER, META, SETTING, STEP
from yuanke.storage.tables import Tables
from yuanke.storage.unit import Unit

#: states of an enterprise that is not whole (yet, or any more): what a killed command leaves, and ``remove`` clears
UNFINISHED = frozenset({"making", "removing"})


@dataclass(frozen=True)
class Running:
    """What is kept of an enterprise between units, as long as the head of a unit shows the same ``mark``."""

    mark: tuple[int, str]
    registry: Registry
    settings: Mapping[str, Any]
    unfilled: frozenset[tuple[str, str]]
    serial: int = field(
        default_factory=itertools.count(1).__next__
    )  # what `yuanke.storage.prepared` keeps, it keeps by this


HEAD = sa.select(META.c.meta_version, META.c.perm_version, META.c.digest, META.c.state, META.c.expires)


def _compiled(at: Enterprise, layers: list[Layer]) -> Registry:
    """The stored layers compiled. What an older version of the product stored may not please a newer one: then it is
    laid over the newer platform's own, which is what ``yuanke upgrade`` will store."""
    try:
        return compile_layers(layers)
    except DefinitionError as fault:
        try:
            return compile_layers([*system_layers(), *(layer for layer in layers if layer.rank != "platform")])
        except DefinitionError:
            said = message("企业 {name} 的定义与现在的程序版本不合，请升级：yuanke upgrade", name=at.label)
            raise Unavailable(said, retry_after=600) from fault


class Installation:
    """``Installation(Path("instance"))`` or with ``postgresql+psycopg://...`` as second argument."""

    def __init__(self, home: Path, database_url: str | None = None) -> None:
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.engines = Engines(self.home, database_url)
        self.directory = Directory(self.engines)
        self._running: dict[str, Running] = {}
        self._tables: WeakKeyDictionary[Registry, Tables] = WeakKeyDictionary()
        self._heads: dict[sa.Select[Any], Prepared] = {}
        self._lock = threading.Lock()
        self._loading = threading.RLock()

    def enterprise(self, name: str) -> Enterprise:
        found = self.directory.find(name)
        if found is None or found.state in UNFINISHED:
            raise RecordNotFound(message("没有名为 {name} 的企业", name=name))
        return found

    @contextmanager
    def unit(
        self,
        enterprise: Enterprise | str,
        write: bool = False,
        head: sa.Select[Any] = HEAD,
        parameters: Mapping[str, Any] | None = None,
    ) -> Iterator[Unit]:
        """Open a unit; commit at the end of the block, roll everything back when it raises.

        ``head`` may be another SELECT of one row that carries the columns of `HEAD`, so that a request reads its versions
        and its user in one statement; ``parameters`` are its `yuanke.storage.prepared.open_value`s.
        """
        at = self.enterprise(enterprise) if isinstance(enterprise, str) else enterprise
        with self.engines.turn(at.place, write), self.engines.connect(at.place, write) as connection:
            transaction = connection.begin()
            try:
                unit = self._begin(at, connection, write, head, parameters)
                yield unit
            except BaseException:
                transaction.rollback()
                raise
            transaction.commit()
        unit.committed()

    def _begin(
        self,
        at: Enterprise,
        connection: sa.Connection,
        write: bool,
        head: sa.Select[Any],
        parameters: Mapping[str, Any] | None,
    ) -> Unit:
        row = self._head(head, connection.dialect).first(connection, at.place, parameters or {})
        if row is None:
            raise RecordNotFound(message("企业 {name} 的数据还没有建立", name=at.label))
        running = self._running.get(at.place)
        mark = (row.meta_version, row.digest)
        if running is None or running.mark != mark:
            running = self._loaded(at, connection, mark)
        return Unit(
            self, at, connection, write, row, running.registry, running.settings, running.unfilled, running.serial
        )

    def _head(self, head: sa.Select[Any], dialect: sa.Dialect) -> Prepared:
        found = self._heads.get(head)
        if found is None:
            found = self._heads[head] = Prepared(head, dialect)
        return found

    def _loaded(self, at: Enterprise, connection: sa.Connection, mark: tuple[int, str]) -> Running:
        """Loaded by the first that asks; whoever comes meanwhile waits for him instead of doing the same."""
        with self._loading:
            running = self._running.get(at.place)
            return running if running is not None and running.mark == mark else self._load(at, connection, mark)

    def _load(self, at: Enterprise, connection: sa.Connection, mark: tuple[int, str]) -> Running:
        """Compile what the database holds; entities that did not move are shared with the Registry that ran before."""
        registry = known_registry(mark[1])
        if registry is None:
            rows = connection.execute(sa.select(LAYER).order_by(LAYER.c.position)).all()
            registry = _compiled(at, [Layer.from_plain(r.name, r.rank, r.data) for r in rows])
        waiting = connection.execute(
            sa.select(STEP.c.entity, STEP.c.field).where(STEP.c.state == "pending", STEP.c.kind == "fill")
        )
        unfilled = frozenset((entity, field) for entity, field in waiting)
        running = Running(mark, registry, self._settings(connection, registry), unfilled)
        with self._lock:
            self._running[at.place] = running
        return running

    def _settings(self, connection: sa.Connection, registry: Registry) -> Mapping[str, Any]:
        place = Place()
        values = {key: field.default for key, field in registry.settings.items()}
        for key, raw in connection.execute(sa.select(SETTING.c.key, SETTING.c.value)):
            field = registry.settings.get(key)
            if field is not None:
                values[key] = field.type.parse(field, raw, place)
        return values

    def tables(self, registry: Registry) -> Tables:
        tables = self._tables.get(registry)
        if tables is None:
            tables = self._tables[registry] = Tables(registry)
        return tables

    def place(self, settings: Mapping[str, Any]) -> Place:
        zone = settings.get("timezone") or "Asia/Shanghai"
        return Place(timezone=str(zone), currency=str(settings.get("currency") or "CNY"), settings=settings)

    def forget(self, enterprise: Enterprise) -> None:
        """Drop what is remembered of an enterprise (it was removed or restored)."""
        with self._lock:
            self._running.pop(enterprise.place, None)
        self.engines.forget(enterprise.place)

    def close(self) -> None:
        self.engines.dispose()

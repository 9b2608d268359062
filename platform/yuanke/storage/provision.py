"""Making and removing an enterprise: its directory entry, database, tables and definitions.

The one rule: an enterprise stands completely or not at all; what fails half-way is cleaned away.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import lru_cache

import sqlalchemy as sa

from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata import Layer, compile_layers, system_layers
from yuanke.metadata.registry import Registry
from yuanke.storage import ddl, definitions, versions
from yuanke.storage.apply import failpoint, projections
from yuanke.storage.describe import shape_of
from yuanke.storage.installation import UNFINISHED, Installation
from yuanke.storage.system import META, own_metadata
from yuanke.storage.unit import Unit

EMPTY = Registry("", {}, {}, {}, {})
Progress = Callable[[str], None]


def create_enterprise(
    installation: Installation,
    slug: str,
    label: str,
    modules: str | Iterable[str] = "all",
    licences: int | None = None,
    expires: date | None = None,
    layers: Sequence[Layer] | None = None,
    progress: Progress = lambda said: None,
) -> Enterprise:
    """A new enterprise that runs ``modules`` (``all``, names, ``a,b``) with what they depend on, or just ``layers``.

    Raises DefinitionError for wrong definitions and Refused for a taken name, both before anything is made.
    """
    chosen = [*system_layers(), *(definitions.read_modules(modules) if layers is None else layers)]
    registry = compile_layers(chosen)
    progress(f"{len(registry.entities)} entities")
    entry = installation.directory.add(slug, label, licences, expires, "making")
    try:
        build(installation, entry, registry, chosen)
        installation.directory.change(slug, state="active")
    except BaseException:
        clear(installation, entry)
        installation.directory.remove(slug)
        raise
    return replace(entry, state="active")


def build(installation: Installation, entry: Enterprise, registry: Registry, layers: Sequence[Layer]) -> None:
    """Everything inside the enterprise's database, in one transaction."""
    dialect = installation.engines.dialect
    with new_database(installation, entry) as connection:
        run_all(connection, ddl.create_all(shape_of(registry, dialect).values(), dialect))
        head = {
            "meta_version": 1,
            "perm_version": 1,
            "digest": registry.digest,
            "state": "active",
            "expires": entry.expires,
        }
        connection.execute(META.insert().values(id=1, **head))
        unit = Unit(installation, entry, connection, True, connection.execute(sa.select(META)).first(), registry, {})
        definitions.write_layers(unit, layers)
        versions.begin(unit, layers)
        for project in projections:
            project(unit, EMPTY, registry)
        failpoint(10)


@contextmanager
def new_database(installation: Installation, entry: Enterprise) -> Iterator[sa.Connection]:
    """The transaction that makes an enterprise's database: it has the engine's own tables, still empty."""
    with installation.engines.connect(entry.place, writing=True) as connection, connection.begin():
        if installation.engines.dialect == "postgresql":
            connection.execute(sa.schema.CreateSchema(entry.place))
        run_all(
            connection,
            _own_tables(installation.engines.dialect, sum(len(metadata.tables) for metadata in own_metadata)),
        )
        yield connection


@lru_cache(maxsize=4)
def _own_tables(dialect: str, _count: int) -> tuple[str, ...]:
    """DDL of all the engine's own tables, what hangs on their creation included; ``_count`` makes late comers heard."""
    said: list[str] = []
    url = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}[dialect]
    words = sa.make_url(url).get_dialect()()
    writer = sa.create_mock_engine(url, lambda ddl, *_, **__: said.append(str(ddl.compile(dialect=words)).strip()))
    for metadata in own_metadata:
        metadata.create_all(writer, checkfirst=False)  # type: ignore[arg-type]
    return tuple(said)


def run_all(connection: sa.Connection, statements: Sequence[str]) -> None:
    """PostgreSQL takes all of them in one round trip; SQLite has none to save."""
    if connection.dialect.name == "postgresql":
        statements = [";\n".join(statements)] if statements else []
    for statement in statements:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def remove_enterprise(installation: Installation, slug: str) -> None:
    """Take an enterprise away with all its data and files; there is no way back but a backup."""
    entry = installation.directory.find(slug)
    if entry is None or entry.slug != slug:
        raise RecordNotFound(message("没有代号为 {slug} 的企业", slug=slug))
    installation.directory.change(slug, state="removing")
    clear(installation, entry)
    installation.directory.remove(slug)


def clear(installation: Installation, entry: Enterprise) -> None:
    """Take away an enterprise's database and files; its entry in the directory stays."""
    installation.forget(entry)
    if installation.engines.dialect == "postgresql":
        with installation.engines.connect("public", writing=True) as connection, connection.begin():
            connection.execute(sa.schema.DropSchema(entry.place, cascade=True, if_exists=True))
    shutil.rmtree(installation.home / "enterprises" / entry.slug, ignore_errors=True)


def set_state(installation: Installation, slug: str, **values: object) -> None:
    """``state`` (active | suspended), ``expires``: in the directory, and where servers look at each request."""
    entry = installation.directory.find(slug)
    if entry is None or entry.slug != slug or entry.state in UNFINISHED:
        raise RecordNotFound(message("没有代号为 {slug} 的企业", slug=slug))
    installation.directory.change(slug, **values)
    mirrored = {key: value for key, value in values.items() if key in ("state", "expires")}
    if mirrored:
        with installation.unit(entry, write=True) as unit:
            unit.execute(META.update().values(mirrored))

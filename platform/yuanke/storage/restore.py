"""A backup as a new enterprise: the same records under another name, with everything that reaches outside switched off.

The one rule: nothing is believed of the file. Names, sums, the kind of every entry are checked before anything is made,
and an enterprise whose tables and definitions do not agree is not left behind.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata import Layer, compile_layers
from yuanke.storage import ddl, definitions, provision
from yuanke.storage.backup import FORMAT, MANIFEST, PART, PIECE, Progress, sum_of
from yuanke.storage.describe import ColumnShape, TableShape, shape_of
from yuanke.storage.installation import Installation
from yuanke.storage.live import live_shape
from yuanke.storage.plan import plan
from yuanke.storage.system import META, own_metadata
from yuanke.storage.unit import Unit

MOST_PARTS = 1_000_000
#: upper layers switch off what would act outside (jobs, webhooks, mail); Refused when books do not balance
after_restore: list[Callable[[Unit], None]] = []


def restore(
    installation: Installation, file: Path, slug: str, label: str, progress: Progress = lambda said: None
) -> Enterprise:
    """Make the enterprise ``slug`` from a backup of the same kind of database; a damaged file is Refused."""
    with tempfile.TemporaryDirectory(dir=installation.home, prefix="restore-") as name:
        folder = Path(name)
        manifest = _unpack(Path(file), folder)
        if manifest["dialect"] != installation.engines.dialect:
            raise Refused(
                message("备份来自 {from_}，不能恢复到 {to}", from_=manifest["dialect"], to=installation.engines.dialect)
            )
        entry = installation.directory.add(slug, label, manifest.get("licences"), state="making")
        try:
            progress("tables")
            FILLERS[manifest["dialect"]](installation, entry, folder, manifest)
            _move_files(installation, entry, folder)
            progress("checks")
            with installation.unit(entry, write=True) as unit:
                unit.execute(META.update().values(state="active", expires=None))
                _check(unit, manifest)
                for switch_off in after_restore:
                    switch_off(unit)
            installation.directory.change(slug, state="active")
        except BaseException:
            provision.clear(installation, entry)
            installation.directory.remove(slug)
            raise
    return replace(entry, state="active")


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """The parts on disk and the manifest; names, kinds and sums are checked on the way."""
    try:
        found = _extract(file, folder)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT or found - {MANIFEST} != manifest["parts"].keys():
            raise ValueError("parts")
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(message("备份文件不完整或已损坏")) from error
    for name, digest in manifest["parts"].items():
        if sum_of(folder / name) != digest:
            raise Refused(message("备份文件里的 {name} 已损坏", name=name))
    return manifest


def _extract(file: Path, folder: Path) -> set[str]:
    found: set[str] = set()
    with tarfile.open(file, "r:gz") as tar:
        for entry in tar:
            if not entry.isreg() or not PART.fullmatch(entry.name) or entry.name in found or len(found) > MOST_PARTS:
                raise Refused(message("备份文件里有不认识的内容：{name}", name=entry.name[:80]))
            found.add(entry.name)
            target = folder / entry.name
            target.parent.mkdir(exist_ok=True)
            with tar.extractfile(entry) as source, target.open("wb") as out:  # type: ignore[union-attr]
                shutil.copyfileobj(source, out, PIECE)
    return found


def _fill_sqlite(installation: Installation, entry: Enterprise, folder: Path, manifest: Mapping[str, Any]) -> None:
    copy = folder / "data.sqlite"
    with closing(sqlite3.connect(copy)) as opened:
        if opened.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Refused(message("备份文件里的 {name} 已损坏", name="data.sqlite"))
    target = installation.home / entry.place
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(copy, target)


def _fill_postgresql(installation: Installation, entry: Enterprise, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Tables without references and indexes, then the rows, then both: the quick order, and the free one."""
    layers = [_layer(said) for said in manifest["layers"]]
    shape = shape_of(compile_layers(layers), "postgresql")
    bare = {
        name: TableShape(name, t.entity, {c.name: _loose(c) for c in t.columns.values()}) for name, t in shape.items()
    }
    with provision.new_database(installation, entry) as connection:
        there = live_shape(connection, entry.place)
        missing = [
            _orphan(name, columns)
            for name, columns in manifest["tables"].items()
            if name not in bare and name not in there
        ]
        provision.run_all(connection, ddl.create_all([*bare.values(), *missing], "postgresql"))
        there = live_shape(connection, entry.place)
        provision.run_all(
            connection,
            [
                ddl.add_column(table, ColumnShape(column, kind), "postgresql")
                for table, columns in manifest["tables"].items()
                for column, kind in columns
                if column not in there[table].columns
            ],
        )
        for table in _in_order(manifest["tables"]):
            columns = manifest["tables"][table]
            _copy_in(connection, table, [column for column, _ in columns], folder / "tables" / f"{table}.copy")
            _go_on_counting(connection, entry.place, table, columns)
        later = [ddl.add_reference(t.name, c) for t in shape.values() for c in t.columns.values() if c.references]
        later += [ddl.create_index(index, "postgresql") for t in shape.values() for index in t.indexes.values()]
        provision.run_all(connection, later)


def _in_order(tables: Iterable[str]) -> list[str]:
    """The engine's own tables refer to each other already: targets first."""
    own = [table.name for metadata in own_metadata for table in metadata.sorted_tables]
    return [name for name in own if name in tables] + [name for name in tables if name not in own]


def _layer(said: Mapping[str, Any]) -> Layer:
    layer = Layer.from_plain(said["name"], said["rank"], said["data"])
    layer.file, layer.text = said["file"] or said["name"], said["text"] or ""
    return layer


def _loose(column: ColumnShape) -> ColumnShape:
    return ColumnShape(column.name, column.type, column.nullable, column.default, None, column.identity)


def _orphan(name: str, columns: list[list[str]]) -> TableShape:
    """A table that no definition names any more (a retired entity's)."""
    return TableShape(name, "", {c: ColumnShape(c, kind, identity=c == "id") for c, kind in columns})


def _copy_in(connection: sa.Connection, table: str, columns: list[str], file: Path) -> None:
    names = ", ".join(ddl.quoted(column, "postgresql") for column in columns)
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with (
        file.open("rb") as source,
        cursor,
        cursor.copy(f"COPY {ddl.quoted(table, 'postgresql')} ({names}) FROM STDIN") as copy,
    ):
        while piece := source.read(PIECE):
            copy.write(piece)


def _go_on_counting(connection: sa.Connection, schema: str, table: str, columns: list[list[str]]) -> None:
    """The next id follows the highest there is."""
    if "id" not in [column for column, _ in columns]:
        return
    name = ddl.quoted(table, "postgresql")
    sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(f'"{schema}".{name}', "id"))).scalar()
    sequence = sequence or connection.execute(sa.select(sa.func.to_regclass(f'"{schema}"."{table}_id_seq"'))).scalar()
    if sequence is not None:
        highest = sa.select(sa.func.max(sa.table(table, sa.column("id"), schema=schema).c.id)).scalar_subquery()
        connection.execute(
            sa.select(
                sa.func.setval(
                    sa.cast(str(sequence), sa.dialects.postgresql.REGCLASS), sa.func.coalesce(highest, 0) + 1, False
                )
            )
        )


FILLERS = {"sqlite": _fill_sqlite, "postgresql": _fill_postgresql}


def _move_files(installation: Installation, entry: Enterprise, folder: Path) -> None:
    if (folder / "files").is_dir():
        target = installation.home / "enterprises" / entry.slug / "files"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / "files", target)


def _check(unit: Unit, manifest: Mapping[str, Any]) -> None:
    """As many rows as were saved in every table, and tables as the definitions want them."""
    for table, count in manifest["rows"].items():
        found = unit.connection.exec_driver_sql(f"SELECT count(*) FROM {ddl.quoted(table, unit.dialect)}").scalar()
        if found != count:
            raise Refused(
                message("恢复后 {table} 有 {found} 行，备份时是 {count} 行", table=table, found=found, count=count)
            )
    left = [step for step in plan(unit, definitions.layers_of(unit)).steps if step.sql]
    if left and manifest["product"] == _product():
        raise Refused(message("恢复后的数据表与定义不一致：{summary}", summary=left[0].summary))


def _product() -> str:
    import yuanke

    return yuanke.__version__

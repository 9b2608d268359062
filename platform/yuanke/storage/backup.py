"""One enterprise as one file: taken while people work, from one instant, with a sum of every part.

The one rule: the file is a snapshot. SQLite's backup API and one REPEATABLE READ transaction see one moment; copying
table by table beside the traffic broke the books four times of four.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import yuanke
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Unavailable
from yuanke.kernel.text import message
from yuanke.storage.ddl import quoted
from yuanke.storage.definitions import OWN, layers_of
from yuanke.storage.files import FILE
from yuanke.storage.installation import Installation
from yuanke.storage.live import live_shape
from yuanke.storage.system import META
from yuanke.storage.tables import bare
from yuanke.storage.unit import Unit

FORMAT = 1
DATA = "data.sqlite"
MANIFEST = "manifest.json"
PART = re.compile(r"data\.sqlite|tables/[a-z][a-z0-9_]{0,62}\.copy|files/[0-9a-f]{64}|manifest\.json")
PIECE = 1 << 20
ROOM = 1.1
Progress = Callable[[str], None]


def backup(installation: Installation, slug: str, file: Path, progress: Progress = lambda said: None) -> dict[str, Any]:
    """Write the enterprise to ``file`` (gzipped tar), which appears only when it is complete; gives its manifest."""
    entry = installation.enterprise(slug)
    parts: dict[str, str] = {}
    file = Path(file)
    with tempfile.TemporaryDirectory(dir=installation.home, prefix="backup-") as folder:
        _check_room(Path(folder), installation, entry)
        unfinished = file.with_name(file.name + ".part")
        try:
            with tarfile.open(unfinished, "w:gz", compresslevel=3) as tar:
                manifest, sums = _tables(installation, entry, tar, Path(folder), parts, progress)
                _files(installation, entry, tar, sums, parts)
                manifest["parts"] = parts
                _add_bytes(tar, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            os.replace(unfinished, file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    return manifest


def _check_room(folder: Path, installation: Installation, entry: Enterprise) -> None:
    if installation.engines.dialect == "sqlite":
        need = (installation.home / entry.place).stat().st_size * ROOM
        if shutil.disk_usage(folder).free < need:
            raise Unavailable(message("磁盘空间不足，备份需要约 {mb} MB", mb=int(need / 1e6) + 1), retry_after=3600)


def _tables(
    installation: Installation,
    entry: Enterprise,
    tar: tarfile.TarFile,
    folder: Path,
    parts: dict[str, str],
    progress: Progress,
) -> tuple[dict[str, Any], set[str]]:
    if installation.engines.dialect == "sqlite":
        with installation.unit(entry) as unit:
            copy = folder / DATA
            with closing(sqlite3.connect(copy)) as target:
                unit.connection.connection.driver_connection.backup(target, pages=2048)  # type: ignore[union-attr]
                target.execute("PRAGMA journal_mode=DELETE")
        # what is in the copy is told from the copy: people went on working meanwhile
        with closing(sqlite3.connect(copy)) as target:
            counts = {
                name: target.execute(f"SELECT count(*) FROM {quoted(name, 'sqlite')}").fetchone()[0]
                for name in _names(target)
            }
            sums = {row[0] for row in target.execute("SELECT DISTINCT sha256 FROM yk_file")}
            version = target.execute("SELECT meta_version FROM yk_meta").fetchone()[0]
        _add_file(tar, DATA, copy, parts)
        return _manifest(entry, "sqlite", version) | {"rows": counts}, sums
    return _postgresql(installation, entry, tar, folder, parts, progress)


def _names(target: sqlite3.Connection) -> list[str]:
    found = target.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite_%'"
    )
    return [name for (name,) in found if not re.search(r"_fts(_|$)", name)]


def _postgresql(
    installation: Installation,
    entry: Enterprise,
    tar: tarfile.TarFile,
    folder: Path,
    parts: dict[str, str],
    progress: Progress,
) -> tuple[dict[str, Any], set[str]]:
    with installation.engines.connect(entry.place, writing=True) as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            unit = Unit(installation, entry, connection, False, connection.execute(sa.select(META)).one(), None, {})  # type: ignore[arg-type]
            live = live_shape(connection, entry.place)
            rows = {}
            for name, table in sorted(live.items()):
                progress(name)
                copy = folder / "table.copy"
                rows[name] = _copy_out(connection, name, list(table.columns), copy)
                _add_file(tar, f"tables/{name}.copy", copy, parts)
            sums = set(connection.execute(sa.select(FILE.c.sha256).distinct()).scalars())
            manifest = _manifest(entry, "postgresql", unit.head.meta_version) | {
                "rows": rows,
                "tables": {name: [[c, t] for c, t in table.columns.items()] for name, table in live.items()},
                "layers": [
                    {"name": x.name, "rank": x.rank, "data": x.plain(), "text": x.text, "file": x.file}
                    for x in layers_of(unit)
                ],
            }
    return manifest, sums


def _copy_out(connection: sa.Connection, table: str, columns: list[str], file: Path) -> int:
    names = ", ".join(quoted(column, "postgresql") for column in columns)
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with (
        file.open("wb") as target,
        cursor,
        cursor.copy(f"COPY {quoted(table, 'postgresql')} ({names}) TO STDOUT") as copy,
    ):
        for piece in copy:
            target.write(piece)
    return connection.scalar(sa.select(sa.func.count()).select_from(bare(table))) or 0


def _manifest(entry: Enterprise, dialect: str, version: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "product": yuanke.__version__,
        "dialect": dialect,
        "label": entry.label,
        "licences": entry.licences,
        "meta_version": version,
        "own": OWN,
    }


def _files(
    installation: Installation, entry: Enterprise, tar: tarfile.TarFile, sums: set[str], parts: dict[str, str]
) -> None:
    folder = installation.home / "enterprises" / entry.slug / "files"
    for digest in sorted(sums):
        path = folder / digest
        if path.is_file():  # one that is missing is the doctor's business; the backup takes what there is
            _add_file(tar, f"files/{digest}", path, parts)


def _add_file(tar: tarfile.TarFile, name: str, path: Path, parts: dict[str, str]) -> None:
    info = tarfile.TarInfo(name)
    info.size = path.stat().st_size
    parts[name] = sum_of(path)
    with path.open("rb") as source:
        tar.addfile(info, source)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def sum_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        for piece in _pieces(source.read):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(PIECE):
        yield piece

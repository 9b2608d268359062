"""A prepared company on one of the databases, copied for this run, with its floors beside it.

The one rule: what is built is kept by size and digest under ``results/data`` and never run on; a run works on a copy.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import company, floors, servers
from benchmarks.invented import Size

#: what a run found, and the data it began with; git does not look at it
RESULTS = Path(os.environ.get("YUANKE_BENCH_RESULTS") or Path(__file__).resolve().parent / "results")
KEPT = RESULTS / "data"


@dataclass(frozen=True)
class Scene:
    """``floor`` is where F0's tables are, ``home`` and ``url`` what the platform is given, ``folder`` takes logs and pages."""

    database: str  # sqlite | postgresql
    size: Size
    folder: Path
    home: Path
    url: str | None
    floor: str


@contextmanager
def scene(database: str, size: Size, said: object = print) -> Iterator[Scene]:
    folder = Path(tempfile.mkdtemp(prefix="yuanke-bench-"))
    try:
        with ExitStack() as stack:
            yield (_sqlite if database == "sqlite" else _postgresql)(stack, size, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sqlite(stack: ExitStack, size: Size, folder: Path) -> Scene:
    kept = KEPT / f"sqlite-{size.name}-{company.mark(size)}"
    if not (kept / "ready").exists():
        print(f"  building {size.name} on SQLite, once", flush=True)
        shutil.rmtree(kept, ignore_errors=True)
        company.build(kept / "home", None, size)
        floors.build_sqlite(kept / "floor.sqlite", kept / "home" / "enterprises" / company.SLUG / "data.sqlite")
        (kept / "ready").touch()
    shutil.copytree(kept / "home", folder / "home")
    shutil.copy(kept / "floor.sqlite", folder / "floor.sqlite")
    return Scene("sqlite", size, folder, folder / "home", None, str(folder / "floor.sqlite"))


def _postgresql(stack: ExitStack, size: Size, folder: Path) -> Scene:
    sockets = stack.enter_context(servers.postgresql(KEPT / "postgresql"))
    kept, run = f"bench_{size.name}_{company.mark(size)}", "bench_run"
    with psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (kept,)).fetchone():
            print(f"  building {size.name} on PostgreSQL, once", flush=True)
            connection.execute('DROP DATABASE IF EXISTS "bench_half" WITH (FORCE)')
            connection.execute('CREATE DATABASE "bench_half"')
            company.build(folder / "made", f"postgresql+psycopg://postgres@/bench_half?host={sockets}", size)
            floors.build_postgresql(f"postgresql://postgres@/bench_half?host={sockets}", _schema(sockets))
            connection.execute(f'ALTER DATABASE "bench_half" RENAME TO "{kept}"'.encode())
        connection.execute(f'DROP DATABASE IF EXISTS "{run}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{run}" TEMPLATE "{kept}" STRATEGY FILE_COPY'.encode())
        connection.execute("CHECKPOINT")
    home = folder / "home"
    home.mkdir()
    return Scene(
        "postgresql",
        size,
        folder,
        home,
        f"postgresql+psycopg://postgres@/{run}?host={sockets}",
        f"postgresql://postgres@/{run}?host={sockets}",
    )


def _schema(sockets: str) -> str:
    with psycopg.connect(f"postgresql://postgres@/bench_half?host={sockets}") as connection:
        found = connection.execute(
            "SELECT place FROM yk_directory.yk_enterprise WHERE slug = %s", (company.SLUG,)
        ).fetchone()
    assert found is not None
    return str(found[0])

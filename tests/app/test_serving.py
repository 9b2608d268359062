"""The server as the command starts it: what is too large or too slow is refused before it is read, and others are served."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise

from tests.served import PASSWORD

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def address(home: Path, notes: Enterprise) -> Iterator[tuple[str, int]]:
    """``yuanke serve`` on the test's home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform"), "YUANKE_HOME": str(home)}
    environment.pop("YUANKE_DATABASE_URL", None)
    code = "from yuanke.app.commands import main; main()"
    words = [sys.executable, "-c", code, "serve", "--port", str(port), "--threads", "4"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                    break
            except OSError:
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.1)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(20)


def call(address: tuple[str, int], path: str, body: Any, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    sent = urllib.request.Request(f"http://{address[0]}:{address[1]}/api/v1{path}", data, headers)
    with urllib.request.urlopen(sent, timeout=20) as answer:
        return json.load(answer)


def raw(
    address: tuple[str, int], head: str, pieces: Iterator[bytes] | list[bytes] = (), most: int = 64 * MEGABYTE
) -> tuple[int, int]:
    """Send bytes until the server answers or hangs up: the status (0 = it hung up) and how many bytes it took."""
    with socket.create_connection(address, timeout=20) as line:
        taken = 0
        try:
            line.sendall(head.encode())
            for piece in pieces:
                line.sendall(piece)
                taken += len(piece)
                if taken > most:
                    break
                line.setblocking(False)
                try:
                    early = line.recv(4096)
                except BlockingIOError:
                    early = b""
                line.settimeout(20)
                if early:
                    return int(early.split()[1]), taken
            answer = line.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            return 0, taken
        return (int(answer.split()[1]) if answer else 0), taken


def rss(port: int) -> int:
    """Megabytes of memory of the process that listens on ``port``: found among our own children."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    sizes = []
    for child in children:
        words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        if str(port) in words:
            status = Path(f"/proc/{child}/status").read_text()
            sizes.append(int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024)
    return max(sizes)


def test_too_large_and_too_slow(address: tuple[str, int]) -> None:
    """One server for both: starting one is what takes the time."""
    _what_is_too_large_is_refused_without_being_read(address)
    _slow_senders_hold_up_nobody(address)


def _what_is_too_large_is_refused_without_being_read(address: tuple[str, int]) -> None:
    login = {"enterprise": "acme", "username": "lin", "password": PASSWORD, "provider": "db"}
    token = call(address, "/security/login", login)["access_token"]
    before = rss(address[1])
    top = f"POST /api/v1/records/note HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    form = top.replace("records/note", "files").replace("application/json", "multipart/form-data; boundary=b")
    block = b"x" * MEGABYTE
    chunk = b"%x\r\n" % MEGABYTE + block + b"\r\n"
    status, taken = raw(address, f"{top}Content-Length: {2 * 1024 * MEGABYTE}\r\n\r\n", [block])
    assert status == 413 and taken <= MEGABYTE, "told by the length alone"
    status, taken = raw(address, f"{top}Transfer-Encoding: chunked\r\n\r\n", (chunk for _ in range(64)))
    assert status in (0, 413) and taken < 40 * MEGABYTE, (status, taken)
    status, taken = raw(address, f"{form}Transfer-Encoding: chunked\r\n\r\n", (chunk for _ in range(64)))
    assert status in (0, 413) and taken < 40 * MEGABYTE
    status, taken = raw(address, f"{top}X-Big: ", (block for _ in range(100)))
    assert status in (0, 400, 431) and taken < 4 * MEGABYTE, (status, taken)
    part = b'--b\r\nContent-Disposition: form-data; name="p"\r\n\r\nx\r\n'
    parts = part * 100_000 + b"--b--\r\n"
    assert raw(address, f"{form}Content-Length: {len(parts)}\r\n\r\n", [parts])[0] == 413
    for wrong in (
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 1\r\nContent-Length: 2",
        "Transfer-Encoding: gzip",
    ):
        assert raw(address, f"{top}{wrong}\r\n\r\n{{}}")[0] in (0, 400, 411, 413, 422, 501), wrong
    deep = b"[" * 100_000
    assert raw(address, f"{top}Content-Length: {len(deep)}\r\n\r\n", [deep])[0] == 400
    assert rss(address[1]) - before < 150, "megabytes"
    assert call(address, "/me", None, token)["username"] == "lin"


def _slow_senders_hold_up_nobody(address: tuple[str, int]) -> None:
    """Sixty callers who never finish their request, on four threads."""
    slow = []
    for _ in range(60):
        line = socket.create_connection(address, timeout=20)
        line.sendall(
            b"POST /api/v1/security/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        slow.append(line)
    try:
        began = time.monotonic()
        login = {"enterprise": "acme", "username": "lin", "password": PASSWORD, "provider": "db"}
        token = call(address, "/security/login", login)["access_token"]
        assert call(address, "/me", None, token)["username"] == "lin"
        assert time.monotonic() - began < 8
    finally:
        for line in slow:
            line.close()

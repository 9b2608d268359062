"""The command line: lazy, exit codes that mean something, people, the demo, the server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from yuanke.app.commands import WHERE, main
from yuanke.kernel.actor import Enterprise

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def yuanke(home: Path, monkeypatch: pytest.MonkeyPatch, dialect: str) -> Callable[..., Result]:
    """``yuanke("user", "create", ...)`` on the test's home."""
    monkeypatch.setenv("YUANKE_HOME", str(home))
    monkeypatch.delenv("YUANKE_DATABASE_URL", raising=False)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_every_command_of_the_list_is_there_and_explains_itself(yuanke: Callable[..., Result]) -> None:
    said = yuanke("--help").output
    for name in WHERE:
        if name in said:
            assert yuanke(name, "--help").exit_code == 0, name
    assert {"serve", "demo", "worker", "user", "upgrade", "doctor", "enterprise", "pack", "import", "export"} <= set(
        said.split()
    )


def test_help_imports_neither_flask_nor_the_database() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from yuanke.app.commands import main;"
        "CliRunner().invoke(main, ['user', '--help']);"
        "print([m for m in ('flask', 'flask_appbuilder', 'waitress') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform"), "YUANKE_PLUGINS": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"


def test_a_user_made_here_can_log_in(yuanke: Callable[..., Result], notes: Enterprise, app: Any) -> None:
    from tests.served import log_in

    made = yuanke(
        "user", "create", "acme", "fang", "--password", "geheim-1234", "--role", "clerk,chief", "--name", "方"
    )
    assert (made.exit_code, made.output) == (0, "acme: fang (clerk, chief)\n")
    assert log_in(app, "acme", "fang", "geheim-1234").status_code == 200
    again = yuanke("user", "create", "acme", "Fang", "--password", "geheim-1234", "--role", "clerk")
    assert again.exit_code == 1 and "username" in again.stderr and "Traceback" not in again.stderr
    changed = yuanke("user", "password", "acme", "FANG", "--password", "another-1234")
    assert changed.exit_code == 0
    assert log_in(app, "acme", "fang", "geheim-1234").status_code == 401
    assert log_in(app, "acme", "fang", "another-1234").status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "create", "nowhere", "x", "--password", "geheim-1234", "--role", "clerk"), "nowhere"),
        (("user", "create", "acme", "x", "--password", "geheim-1234", "--role", "wizard"), "wizard"),
        (
            ("user", "create", "acme", "x", "--password", "geheim-1234", "--role", "clerk", "--department", "none"),
            "none",
        ),
        (("user", "create", "acme", "x", "--password", "short", "--role", "clerk"), "password"),
        (("user", "password", "acme", "ghost", "--password", "geheim-1234"), "ghost"),
        (("upgrade",), "--all"),
        (("upgrade", "nowhere"), "nowhere"),
        (("doctor", "nowhere"), "nowhere"),
        (("serve", "--port", "0"), "port"),
    ],
)
def test_a_refusal_is_told_on_stderr_with_its_exit_code(
    yuanke: Callable[..., Result], notes: Enterprise, words: tuple[str, ...], said: str
) -> None:
    result = yuanke(*words)
    assert result.exit_code in (1, 2) and said in result.stderr and "Traceback" not in result.stderr


def test_the_doctor_is_content_and_tells_what_is_wrong(
    yuanke: Callable[..., Result], notes: Enterprise, installation: Any
) -> None:
    assert yuanke("doctor").output.splitlines() == ["installation: ok", "acme: ok"]
    with installation.unit(notes, write=True) as unit:
        unit.connection.exec_driver_sql("ALTER TABLE note DROP COLUMN due")
    wrong = yuanke("doctor", "acme")
    assert wrong.exit_code == 1 and "upgrade acme" in wrong.stderr


def test_a_backup_is_not_restored_under_a_name_that_is_none(
    yuanke: Callable[..., Result], notes: Enterprise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backup = tmp_path / "acme.backup"
    assert yuanke("enterprise", "backup", "acme", backup).exit_code == 0
    before = sorted(p.name for p in tmp_path.rglob("*"))
    for slug in ("a; touch x", "../x", "a/b", 'a"; drop schema public', "A", "", "x" * 41, "-x", "a\nb", "acme"):
        refused = yuanke("enterprise", "restore", backup, "--", slug)
        assert refused.exit_code in (1, 2) and "Traceback" not in refused.stderr, slug
    assert sorted(p.name for p in tmp_path.rglob("*")) == before
    assert yuanke("enterprise", "restore", backup, "--", "copy").exit_code == 0


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def served(demo_home: Path, free_port: int, dialect: str) -> Iterator[tuple[str, str]]:
    """The demo as a person starts it: its address and what it said until it served."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "platform"),
        "YUANKE_HOME": str(demo_home),
        "PYTHONUNBUFFERED": "1",
    }
    environment.pop("YUANKE_DATABASE_URL", None)
    code = "from yuanke.app.commands import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "demo", "--port", str(free_port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    lines: list[str] = []
    try:
        while not any("密码" in line for line in lines):
            line = process.stdout.readline()
            assert line, "".join(lines)
            lines.append(line)
        address = f"http://127.0.0.1:{free_port}"
        wait_for(address)
        yield address, "".join(lines)
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_the_demo_makes_a_company_and_serves_it(served: tuple[str, str]) -> None:
    import json

    address, said = served
    assert "北京某信息技术有限公司 (bjmou)" in said and "chenmo" in said and address in said and "records" in said

    def post(path: str, body: dict[str, Any], token: str = "") -> Any:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        sent = urllib.request.Request(address + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return json.load(answer)

    login = {"enterprise": "北京某信息技术有限公司", "username": "chenmo", "password": "yuanke-demo", "provider": "db"}
    token = post("/api/v1/security/login", login)["access_token"]
    for path, least in (("/api/v1/records/customer?count=exact", 50), ("/api/v1/records/user?count=exact", 16)):
        asked = urllib.request.Request(address + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert json.load(answer)["count"] >= least, path

"""The application as its callers meet it: a WSGI client that logs in, and the proof that a refusal changed nothing."""

from __future__ import annotations

import atexit
import hashlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeTimedSerializer

if TYPE_CHECKING:
    from werkzeug.test import TestResponse
    from yuanke.kernel.actor import Enterprise
    from yuanke.storage import Installation
    from yuanke.web.application import Application

#: hashing a password is slow on purpose; nearly all tests can do without that
os.environ.setdefault("YUANKE_PASSWORD_COST", "256")
PASSWORD = "geheim-geheim"
#: two roles, rows of one's own and rows of all, a hidden field, owned rows, a link
NOTES = """
module: notes
label: 便签
roles: {clerk: 文员, chief: 主管}
entities:
  folder:
    label: 文件夹
    fields: {name: {type: text!, unique: true}}
    permissions: {clerk: {read: all}, chief: {read: all, create: true, update: all}}
  note:
    label: 便签
    number: N-{seq:4}
    fields:
      title: {type: text!, label: 标题}
      amount: {type: money, label: 金额}
      due: {type: date, label: 到期}
      secret: {type: text, label: 密级}
      folder: {link: folder, label: 文件夹}
      level: {label: 级别, options: {low: 低, high: 高}}
      lines:
        label: 明细
        rows:
          what: {type: text!}
          price: {type: money}
      total: {type: money, label: 合计, formula: sum(lines.price)}
    permissions:
      clerk: {read: own, create: true, update: own, delete: own, fields: {secret: hidden}}
      chief: {read: all, create: true, update: all, delete: all, export: all}
"""


class Watch:
    """Tells whether anything was committed to an enterprise's SQLite file (PostgreSQL has no such number: always 0)."""

    def __init__(self, app: Application, enterprise: str) -> None:
        installation = app.installation
        found = installation.directory.find(enterprise)
        self.connection = None
        if found is not None and installation.engines.shared is None:
            self.connection = sqlite3.connect(installation.home / found.place, check_same_thread=False)

    def version(self) -> int:
        return self.connection.execute("PRAGMA data_version").fetchone()[0] if self.connection else 0


class Caller:
    """A client of one enterprise; once it has logged in, every GET and every refusal is held to change nothing.

    ``call("POST", "/records/note", {...})`` is below ``/api/v1`` and bears the token.
    """

    def __init__(self, app: Application, enterprise: str, username: str, password: str = PASSWORD) -> None:
        self.app, self.enterprise, self.username, self.password = app, enterprise, username, password
        self.client = app.test_client(use_cookies=False)
        self.tokens: dict[str, str] = {}
        self.watch: Watch | None = None

    def log_in(self) -> Caller:
        answer = log_in(self.app, self.enterprise, self.username, self.password)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json
        self.watch = Watch(self.app, self.enterprise)
        return self

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.tokens['access_token']}", **(headers or {})}
        if body is not None:
            more["json"] = body
        before = self.watch.version() if self.watch else None
        answer = self.client.open(f"/api/v1{path}", method=method, headers=sent, **more)
        if self.watch and (400 <= answer.status_code < 500 or method == "GET"):
            assert self.watch.version() == before, (
                f"{method} {path} answered {answer.status_code} and changed the database"
            )
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> TestResponse:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.call("DELETE", path, **more)


def log_in(app: Application, enterprise: str, username: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    body = {"enterprise": enterprise, "username": username, "password": password, "provider": "db"}
    return app.test_client(use_cookies=False).post("/api/v1/security/login", json=body, **more)


def form_token(client: Any) -> str:
    """The token that a page would carry for this browser session."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", hashlib.sha1(b"test").hexdigest())
    return str(URLSafeTimedSerializer(client.application.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(raw))


def browser(app: Application, enterprise: str, username: str, password: str = PASSWORD) -> Any:
    """A browser that has logged in by the form; ``client.token`` goes into the header ``X-CSRF-Token``."""
    client = app.test_client()
    form = {"enterprise": enterprise, "username": username, "password": password, "csrf_token": form_token(client)}
    answer = client.post("/login", data=form)
    assert answer.status_code == 302, answer.text
    client.token = form_token(client)
    return client


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest, dialect: str) -> Path:
    """YUANKE_HOME; where a `templated` fixture is asked for, what it gives stands there already."""
    at = tmp_path / "home"
    name = _asked_for(request)
    if name is not None and dialect == "sqlite":
        shutil.copytree(_templates.home(name, templated[name]), at)
    return at


def _asked_for(request: pytest.FixtureRequest) -> str | None:
    return next((name for name in templated if name in request.fixturenames), None)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None for SQLite, else a database of this test alone: empty, or a copy of one with what a `templated` fixture gives."""
    if dialect == "sqlite":
        yield None
        return
    server = sa.make_url(request.getfixturevalue("postgres_url"))
    name, wanted = f"s{os.getpid()}_{next(_numbers)}", _asked_for(request)
    like = _templates.database(wanted, templated[wanted], server) if wanted else None
    with _on_server(server) as connection:
        copied = f' TEMPLATE "{like}"' if like else ""
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"{copied}')
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


_numbers = itertools.count(1)


@contextmanager
def _on_server(server: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


class _Templates:
    """Installations made once a process, to be copied: a copy takes a fraction of the making."""

    def __init__(self) -> None:
        self.homes: dict[str, Path] = {}
        self.databases: dict[tuple[str, str], str] = {}

    def home(self, name: str, make: Callable[[Installation], Any]) -> Path:
        if name not in self.homes:
            folder = Path(tempfile.mkdtemp(prefix="template-"))
            atexit.register(shutil.rmtree, folder, True)
            self._make(folder, None, make)
            self.homes[name] = folder
        return self.homes[name]

    def database(self, name: str, make: Callable[[Installation], Any], server: sa.URL) -> str:
        mark = (name, server.render_as_string())
        if mark not in self.databases:
            database = f"template_{name}_{os.getpid()}"
            with _on_server(server) as connection:
                connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                connection.exec_driver_sql(f'CREATE DATABASE "{database}"')
            with tempfile.TemporaryDirectory() as folder:
                url = server.set(database=database).render_as_string(hide_password=False)
                self._make(Path(folder), url, make)
            self.databases[mark] = database
        return self.databases[mark]

    def _make(self, home: Path, url: str | None, make: Callable[[Installation], Any]) -> None:
        from yuanke.app import plugins
        from yuanke.storage import Installation

        plugins.load()
        installation = Installation(home, url)
        make(installation)
        installation.close()


_templates = _Templates()


def _make_notes(installation: Installation) -> None:
    """Enterprise ``acme`` (爱客) that runs `NOTES`, with admin root, chief qin, clerks lin and yu."""
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    made = create_enterprise(installation, "acme", "爱客 科技", layers=[Layer.read_text(NOTES, "m1.yaml", "module")])
    for username, role in (("root", "admin"), ("qin", "chief"), ("lin", "clerk"), ("yu", "clerk")):
        enter(installation, made, username, role)


#: fixture -> how an installation is filled with what it gives: done once a process, and copied
templated: dict[str, Callable[[Installation], Any]] = {"notes": _make_notes}


@pytest.fixture
def app(home: Any, database_url: str | None, request: pytest.FixtureRequest) -> Iterator[Application]:
    """The application on the test's home and database. One serves all tests, each with an installation and limits of its
    own; a test that adds an address gets an application to itself."""
    from yuanke.storage import Installation
    from yuanke.web.limits import LoginLimits

    where = {"YUANKE_HOME": home, "YUANKE_DATABASE_URL": database_url}
    adds = "add_url_rule" in request.function.__code__.co_names
    made = _application() if adds else _shared()
    before = dict(made.config)
    made.config.update(where)
    made.installation.close()
    made.installation = Installation(home, database_url)
    limits = [made.config[f"LOGIN_LIMIT_{of}"] for of in ("ACCOUNT", "ADDRESS")]
    made.login_limits = LoginLimits("memory://", *limits)
    yield made
    made.installation.close()
    made.config.clear()
    made.config.update(before)


@cache
def _shared() -> Application:
    return _application()


def _application() -> Application:
    from yuanke.app import create_app

    home = tempfile.mkdtemp(prefix="home-")
    atexit.register(shutil.rmtree, home, True)
    return create_app({"YUANKE_HOME": Path(home), "YUANKE_DATABASE_URL": None, "ENTERPRISE_LIMIT": "off"})


@pytest.fixture
def staff(installation: Installation) -> Callable[..., int]:
    """``staff(enterprise, "lin", "clerk", ...)`` enters a user with the common password and gives his id."""
    return partial(enter, installation)


def enter(installation: Installation, at: Enterprise, username: str, *roles: str, **more: Any) -> int:
    from yuanke.access import fab_tables as fab
    from yuanke.access import people

    with installation.unit(at, write=True) as unit:
        made = people.create_user(unit, username, username.title(), None, roles, **more)
        unit.execute(fab.USER.update().where(fab.USER.c.id == made).values(password=stored_password()))
        return made


@cache
def stored_password() -> str:
    """One hash of `PASSWORD` for all."""
    from yuanke.access import passwords

    return passwords.hashed(PASSWORD)


@pytest.fixture
def notes(installation: Installation) -> Enterprise:
    """Enterprise ``acme`` (爱客) that runs `NOTES`, with admin root, chief qin, clerks lin and yu."""
    if installation.directory.find("acme") is None:
        _make_notes(installation)
    return installation.enterprise("acme")


@pytest.fixture
def caller(app: Application, notes: Enterprise) -> Callable[..., Caller]:
    """``caller("lin")`` is logged in at acme."""
    return lambda username, at="acme": Caller(app, at, username).log_in()


#: what a refused request may leave behind: the log of log-ins and its counters
LOGS = {"login_log", "ab_user", "yk_session", "sqlite_sequence"}


def checksum(installation: Installation, at: Enterprise) -> str:
    """A digest of every row of every table but the logs, full-text shadows included."""
    digest = hashlib.sha256()
    with installation.unit(at) as unit:
        schema = at.place if unit.dialect == "postgresql" else None
        names = sorted(sa.inspect(unit.connection).get_table_names(schema=schema))
        for name in names:
            if name in LOGS:
                continue
            rows = unit.connection.execute(
                sa.select(sa.literal_column("*")).select_from(sa.table(name, schema=schema))
            ).all()
            digest.update(repr((name, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()


@pytest.fixture
def unchanged(installation: Installation, notes: Enterprise) -> Iterator[None]:
    """Everything the test does must leave acme as it was."""
    before = checksum(installation, notes)
    yield
    assert checksum(installation, notes) == before, "a refused request changed the database"

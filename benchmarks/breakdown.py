"""Where the time of one request goes: the application called in this process, its parts under a stop watch.

The one rule: a moment counts for one part only, the innermost; the watched run is scaled to the time of one that is not watched.
"""

from __future__ import annotations

import functools
import io
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlencode

from benchmarks import company
from benchmarks.scene import Scene
from benchmarks.servers import NO_LIMIT

PARTS = ("SQL", "rights", "record", "formatting", "template", "framework")
#: (part, module, name): what is entered; everything else of the application is "framework"
WATCHED = (
    ("SQL", "yuanke.storage.prepared", "fetch_text"), ("SQL", "yuanke.storage.prepared", "run_text"),
    ("SQL", "yuanke.storage.engines", "run_text"), ("SQL", "sqlalchemy.engine.base:Connection", "execute"),
    ("SQL", "sqlalchemy.engine.base:Connection", "commit"), ("SQL", "sqlalchemy.engine.base:Transaction", "commit"),
    ("rights", "yuanke.access.grants", "_decide"), ("rights", "yuanke.access.sessions", "actor_of_session"),
    ("rights", "yuanke.web.requests", "shown"), ("record", "yuanke.records.related", "list_records"),
    ("record", "yuanke.records.saving", "save_all"), ("record", "yuanke.records.door", "save_all"),
    ("record", "yuanke.records.reading", "list_records"), ("record", "yuanke.records.reading", "get_record"),
    ("formatting", "yuanke.records.selection:RecordReader", "records"),
    ("formatting", "yuanke.storage.prepared:Prepared", "_read"),
    ("formatting", "yuanke.api.records", "page_json"), ("formatting", "yuanke.api.records", "record_json"),
    ("formatting", "yuanke.api.records", "reply"), ("formatting", "yuanke.screens.pages.list", "records_html"),
    ("formatting", "yuanke.screens.pages.list", "pager_html"),
    ("template", "yuanke.screens.pages.list", "filled"), ("template", "yuanke.screens.pages.list", "_frame"),
    ("template", "yuanke.screens.pages.list", "_kept_under"),
)  # fmt: skip


class Watch:
    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._stack = ["framework"]
        self._since = time.perf_counter()

    def turn(self) -> None:
        now = time.perf_counter()
        self.spent[self._stack[-1]] += now - self._since
        self._since = now

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def watched(*arguments: Any, **values: Any) -> Any:
            self.turn()
            self._stack.append(part)
            try:
                return function(*arguments, **values)
            finally:
                self.turn()
                self._stack.pop()

        return watched


class Application:
    """The platform's WSGI application on the scene's data, in this process."""

    def __init__(self, at: Scene) -> None:
        os.environ["YUANKE_HOME"] = str(at.home)
        os.environ["YUANKE_ENTERPRISE_LIMIT"] = NO_LIMIT
        os.environ.pop("YUANKE_DATABASE_URL", None)
        if at.url:
            os.environ["YUANKE_DATABASE_URL"] = at.url
        from yuanke.app import create_app

        self.app = create_app()
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None) -> tuple[dict[str, str], bytes]:
        raw = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        at, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": unquote(at).encode().decode("latin-1"), "QUERY_STRING": query, "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000", "CONTENT_LENGTH": str(len(raw)), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(raw), "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False, "HTTP_ACCEPT_ENCODING": "identity",
            "CONTENT_TYPE": "application/json" if isinstance(body, dict) else "application/x-www-form-urlencoded",
            **{f"HTTP_{name.upper()}": value for name, value in self.headers.items()},
        }  # fmt: skip
        told: dict[str, Any] = {}
        answer = self.app(environ, lambda status, headers, fault=None: told.update(status=status, headers=headers))
        said = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if told["status"][0] in "45":
            raise SystemExit(f"{method} {path} answered {told['status']}: {said[:300]!r}")
        headers = {name.lower(): value for name, value in told["headers"]}
        if "set-cookie" in headers:
            self.headers["Cookie"] = headers["set-cookie"].split(";")[0]
        return headers, said

    def as_program(self) -> None:
        body = {"enterprise": company.LABEL, "username": company.SELLER, "password": company.PASSWORD, "provider": "db"}
        self.headers = {}
        token = json.loads(self.call("POST", "/api/v1/security/login", body)[1])["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def as_person(self) -> None:
        import re

        self.headers = {}
        page = self.call("GET", "/login")[1]
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = {
            "enterprise": company.LABEL,
            "username": company.SELLER,
            "password": company.PASSWORD,
            "csrf_token": token[1].decode() if token else "",
        }
        self.call("POST", "/login", urlencode(form).encode())


def measure(
    at: Scene, acts: dict[str, tuple[bool, Callable[[Application], Any]]], rounds: int = 6, each: int = 30
) -> dict[str, dict[str, float]]:
    """For each work (as a person or a program, what to call): milliseconds a part; ``WSGI`` is their sum."""
    app = Application(at)
    found = {}
    for name, (person, act) in acts.items():
        app.as_person() if person else app.as_program()
        for _ in range(20):
            act(app)
        whole = min(_timed(lambda act=act: act(app), each) for _ in range(rounds))
        best: dict[str, float] = {}
        for _ in range(rounds):
            spent = _watched(lambda act=act: act(app), each)
            if not best or sum(spent.values()) < sum(best.values()):
                best = spent
        scale = whole / sum(best.values())
        found[name] = {"WSGI": whole, **{part: best.get(part, 0.0) * scale for part in PARTS}}
    app.app.installation.close()
    return found


def _timed(act: Callable[[], Any], each: int) -> float:
    began = time.perf_counter()
    for _ in range(each):
        act()
    return (time.perf_counter() - began) / each * 1e3


def _watched(act: Callable[[], Any], each: int) -> dict[str, float]:
    watch, undo = Watch(), []
    for part, where, name in WATCHED:
        module, _, owner = where.partition(":")
        at = import_module(module)
        at = getattr(at, owner) if owner else at
        if name in vars(at):
            undo.append((at, name, vars(at)[name]))
            setattr(at, name, watch.wrap(part, vars(at)[name]))
    try:
        watch.turn()
        watch.spent.clear()
        for _ in range(each):
            act()
        watch.turn()
    finally:
        for at, name, function in reversed(undo):
            setattr(at, name, function)
    return {part: spent / each * 1e3 for part, spent in watch.spent.items()}

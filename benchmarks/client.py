"""A client that keeps its connection open, as a browser or an integrating program does."""

from __future__ import annotations

import json
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from benchmarks.company import LABEL, PASSWORD


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """``call`` sends one request; ``headers`` go with each."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        sent = dict(self.headers)
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        found = Answer(answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()})
        if "Cookie" in self.headers and "set-cookie" in found.headers:
            self.headers["Cookie"] = found.headers["set-cookie"].split(";")[0]
        return found

    def right(self, method: str, path: str, body: Any = None) -> Answer:
        """`call`, and stop the run when the answer is a fault."""
        answer = self.call(method, path, body)
        if answer.status >= 400:
            raise SystemExit(f"{method} {path} answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
        return answer

    def log_in(self, username: str) -> Client:
        """As a program does: a token in every request."""
        body = {"enterprise": LABEL, "username": username, "password": PASSWORD, "provider": "db"}
        token = self.right("POST", "/api/v1/security/login", body).json["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        return self

    def enter(self, username: str) -> Client:
        """As a person does: the form, then a cookie."""
        page = self.right("GET", "/login")
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page.body)
        assert token is not None
        form = {"enterprise": LABEL, "username": username, "password": PASSWORD, "csrf_token": token[1].decode()}
        from urllib.parse import urlencode

        self.headers["Cookie"] = page.headers["set-cookie"].split(";")[0]
        self.headers["Content-Type"] = "application/x-www-form-urlencoded"
        entered = self.call("POST", "/login", urlencode(form).encode())
        assert entered.status == 302, entered.body[:500]
        self.headers = {"Cookie": entered.headers["set-cookie"].split(";")[0]}
        return self


@dataclass
class Times:
    """Milliseconds of single calls, round by round."""

    rounds: list[list[float]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # of the server, a call

    def add(self, act: Callable[[], Any], count: int, spent: Callable[[], float] | None = None) -> None:
        found = []
        before = spent() if spent else 0.0
        for _ in range(count):
            began = time.perf_counter()
            act()
            found.append((time.perf_counter() - began) * 1e3)
        if spent:
            self.cpu.append((spent() - before) / count)
        self.rounds.append(found)

    @property
    def best(self) -> float:
        """The median call of the quietest round."""
        return min(statistics.median(found) for found in self.rounds)

    @property
    def p95(self) -> float:
        every = sorted(one for found in self.rounds for one in found)
        return every[int(len(every) * 0.95)]

    @property
    def cost(self) -> float | None:
        return min(self.cpu) if self.cpu else None


def together(acts: list[Callable[[], Any]], seconds: float) -> tuple[float, float]:
    """All of ``acts`` at once, each again and again: (calls a second, 95th percentile in ms)."""
    until = time.perf_counter() + seconds
    found: list[float] = []

    def work(act: Callable[[], Any]) -> None:
        mine = []
        while (began := time.perf_counter()) < until:
            act()
            mine.append((time.perf_counter() - began) * 1e3)
        found.extend(mine)

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(found) / (time.perf_counter() - began), sorted(found)[int(len(found) * 0.95)]

"""W6: an administrator adds a field while others work: how long until it is on the page and in the API, and how long the
longest request of the others took meanwhile.

The one rule: the others do what they did before the change, and their longest request of a calm while stands beside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks import company
from benchmarks.client import Client

OTHERS = 4
CALM = 1.5  # seconds of work before the change, and at most so long after it
LIVE_GOAL, STALL_GOAL = 100.0, 100.0  # ms

FIELDS: dict[str, dict[str, Any]] = {
    "plain": {"type": "text", "label": "自定义一"},
    "indexed": {"type": "text", "label": "自定义二", "index": True},
    "stored formula": {"type": "money", "label": "自定义三", "formula": "annual_revenue * 2"},
}


@dataclass
class Others:
    """Sellers who read and write; ``spans`` are (began, ended) of each request, ``refused`` what was answered 400 or more."""

    port: int
    own: list[int]
    spans: list[tuple[float, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _stop: bool = False

    def __enter__(self) -> Others:
        clients = [Client(self.port).log_in(company.SELLER) for _ in range(OTHERS)]
        self._threads = [threading.Thread(target=self._work, args=(at, client)) for at, client in enumerate(clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_fault: Any) -> None:
        self._stop = True
        for thread in self._threads:
            thread.join()

    def _work(self, at: int, client: Client) -> None:
        turn = 0
        while not self._stop:
            turn += 1
            one = self.own[(at * 97 + turn) % len(self.own)]
            began = time.perf_counter()
            if turn % 4 == 0:
                answer = client.call("PATCH", f"/api/v1/records/customer/{one}", {"annual_revenue": f"{turn}.00"})
            else:
                answer = client.call(
                    "GET", "/api/v1/records/customer?count=none" if turn % 2 else f"/api/v1/records/customer/{one}"
                )
            self.spans.append((began, time.perf_counter()))
            if answer.status >= 400:
                self.refused.append(f"{answer.status} {answer.body[:200]!r}")
            time.sleep(0.01)

    def longest(self, since: float, until: float) -> float:
        """Milliseconds of the longest request that ran within."""
        return max((end - begin for begin, end in self.spans if begin < until and end > since), default=0.0) * 1e3


def add_field(port: int, own: list[int], kind: str, calm_for: float = CALM) -> dict[str, Any]:
    name = "extra_" + kind.replace(" ", "_")
    overlay = {"entities": {"customer": {"fields": {name: FIELDS[kind]}, "views": {"list": {"columns+": [name]}}}}}
    admin, person, program = (
        Client(port).log_in(company.ADMIN),
        Client(port).enter(company.SELLER),
        Client(port).log_in(company.SELLER),
    )
    person.right("GET", "/records/customer"), program.right("GET", "/api/v1/records/customer")
    with Others(port, own) as others:
        time.sleep(calm_for)
        began = time.perf_counter()
        calm = others.longest(began - calm_for, began)
        admin.right("POST", "/api/v1/customizations/apply?merge=1", overlay)
        applied = time.perf_counter()
        label = FIELDS[kind]["label"].encode()
        _until(lambda: label in person.right("GET", "/records/customer").body)
        _until(
            lambda: (
                name in program.right("GET", f"/api/v1/records/customer?limit=1&fields=name,{name}").json["result"][0]
            )
        )
        live = time.perf_counter()
        time.sleep(calm_for)
        stall = others.longest(began, time.perf_counter())
    return {
        "field": kind, "applied": (applied - began) * 1e3, "live": (live - began) * 1e3, "stall": stall, "calm": calm,
        "refused": others.refused[:3], "requests": len(others.spans),
    }  # fmt: skip


def _until(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not there():
        if time.monotonic() > until:
            raise SystemExit("the new field did not appear within a minute")

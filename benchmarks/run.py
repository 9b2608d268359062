"""One run: floors, bare views and the platform in turn, round by round; then the works that take the whole machine.

The one rule: whatever is compared ran in the same minutes on the same data; what is printed is what is written down.
"""

from __future__ import annotations

import itertools
import json
import os
import platform as machine
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import breakdown, browser, company, customizing, imports, invented, live, outbox, servers, tables, works
from benchmarks.client import Client, Times, together
from benchmarks.floors import Floor
from benchmarks.scene import RESULTS, Scene, scene
from benchmarks.works import Callers, Work

START_GOAL, MEMORY_GOAL = 1.2, 120.0  # seconds, MB
CLIENTS = 8


def run(databases: Sequence[str], size: str, wanted: Sequence[str], rounds: int, smoke: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {
        "size": size, "customers": invented.SIZES[size].customers, "at": time.strftime("%Y-%m-%d %H:%M"), "machine": _machine(),
        "works": [], "together": [], "imports": [], "live": [], "start": [], "browser": [], "parts": [], "jobs": [], "customizing": [],
    }  # fmt: skip
    for database in databases:
        print(f"\n{database}, {invented.SIZES[size].customers:,} customers", flush=True)
        with scene(database, invented.SIZES[size]) as at:
            _one_database(at, found, wanted, rounds, smoke)
    found["load after"] = os.getloadavg()[0]
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{size}.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    print("\n" + tables.report(found) + f"\n\nwritten to {path}")
    return found


def _one_database(at: Scene, found: dict[str, Any], wanted: Sequence[str], rounds: int, smoke: bool) -> None:
    def asked(key: str) -> bool:
        return not wanted or key in wanted

    with callers(at, 1) as (calling, ours, bare):
        for line in works.compare(calling, works.own_customers(at)[3]):
            print("  F1 and the platform differ: " + line)
        for work in (*works.reading(at, calling), *works.writing(at, calling)):
            if asked(work.key) or asked(work.key.split()[0]):
                found["works"].append(measure(at, work, ours, bare, rounds, 3 if smoke else work.each))
                print("  " + tables.line_of(found["works"][-1]), flush=True)
        if asked("W7"):
            calling.program.right("GET", "/api/v1/records/customer")
            calling.person.right("GET", "/records/customer")
            found["start"].append({"database": at.database, "memory": ours.resident, "goal": MEMORY_GOAL})
    if asked("W7"):
        found["start"][-1]["seconds"] = min(_cold_start(at) for _ in range(1 if smoke else 5))
    if asked("jobs"):
        found["jobs"].append(outbox.measure(at, 100 if smoke else outbox.JOBS, 1 if smoke else 3))
    if asked("customizing"):
        found["customizing"] += customizing.measure(at, smoke)
    if asked("parts"):
        found["parts"].append({"database": at.database, "works": _parts(at, smoke)})
    with servers.platform(at.home, at.url, CLIENTS, at.folder / "platform.log") as ours:
        if asked("8"):
            found["together"] += _together(at, ours.port, 0.3 if smoke else 3.0)
        if asked("W8") and (visits := browser.visit(ours.port, 1 if smoke else 5)):
            found["browser"] += [{"database": at.database, **visit} for visit in visits]
        if asked("W2"):
            _imports(at, ours.port, found, 200 if smoke else imports.ROWS)
        if asked("W6"):
            kinds = list(live.FIELDS)[:1] if smoke else list(live.FIELDS)
            for kind in kinds:
                found["live"].append(
                    {
                        "database": at.database,
                        **live.add_field(ours.port, works.own_customers(at), kind, 0.2 if smoke else live.CALM),
                    }
                )


def scale(databases: Sequence[str], rounds: int) -> None:
    """The same works on 10,000 and on 1,000,000 customers, in turn: what a hundred times the rows cost."""
    for database in databases:
        with (
            scene(database, invented.SIZES["small"]) as little,
            callers(little, 1) as (few, _ours, _bare),
            scene(database, invented.SIZES["full"]) as large,
            callers(large, 1) as (many, _more, _other),
        ):
            pairs = zip(
                (*works.reading(little, few), *works.writing(little, few)),
                (*works.reading(large, many), *works.writing(large, many)),
            )
            rows = [[tables.NAMES[database], a.key, *_scaled(a, b, rounds)] for a, b in pairs if a.key != "W3b"]
        print(tables.table(["", "", "10,000", "1,000,000", "multiple", "goal", "met"], rows))


def _scaled(few: Work, many: Work, rounds: int) -> list[str]:
    little, large = Times(), Times()
    for _ in range(rounds):
        little.add(few.ours, few.each)
        large.add(many.ours, many.each)
    multiple = large.best / little.best
    return [
        f"{little.best:.2f} ms",
        f"{large.best:.2f} ms",
        f"{multiple:.2f}x",
        "1.3x",
        "yes" if multiple <= 1.3 else "NO",
    ]


@contextmanager
def callers(at: Scene, threads: int) -> Iterator[tuple[Callers, servers.Server, servers.Server]]:
    page = at.folder / "page.html"
    with (
        servers.platform(at.home, at.url, threads, at.folder / "platform.log") as ours,
        servers.bare(at.floor, page, at.home, at.folder / "bare.log") as bare,
    ):
        person = Client(ours.port).enter(company.SELLER)
        page.write_bytes(person.right("GET", "/records/customer").body)
        floor = Floor(at.floor)
        try:
            program, admin = Client(ours.port).log_in(company.SELLER), Client(ours.port).log_in(company.ADMIN)
            yield Callers(floor, Client(bare.port), program, admin, person), ours, bare
        finally:
            floor.close()


def measure(
    at: Scene, work: Work, ours: servers.Server, bare: servers.Server, rounds: int, each: int
) -> dict[str, Any]:
    """The three in turn, so that a busy moment of the machine meets all of them; the quietest round of each counts."""
    f0, f1, mine = Times(), Times(), Times()
    for _ in range(3):
        work.floor(), work.bare(), work.ours()
    for _ in range(rounds):
        f0.add(work.floor, each)
        f1.add(work.bare, each, lambda: bare.cpu)
        mine.add(work.ours, each, lambda: ours.cpu)
    return {
        "database": at.database, "work": work.key, "said": work.said, "goal": work.goal, "milliseconds": work.milliseconds,
        "f0": f0.best, "f1": f1.best, "ours": mine.best, "p95": mine.p95, "multiple": mine.best / f1.best,
        "of_f0": mine.best / f0.best, "cpu_f1": f1.cost, "cpu": mine.cost,
    }  # fmt: skip


def _cold_start(at: Scene) -> float:
    """Seconds from the command to the first answered list page (of a seller whose cookie is still good)."""
    with servers.platform(at.home, at.url, 1, at.folder / "start.log") as ours:
        cookie = Client(ours.port).enter(company.SELLER).headers["Cookie"]
    began = time.perf_counter()
    with servers.platform(at.home, at.url, 1, at.folder / "start.log") as ours:
        client = Client(ours.port)
        client.headers["Cookie"] = cookie
        client.right("GET", "/records/customer")
        return time.perf_counter() - began


def _together(at: Scene, port: int, seconds: float) -> list[dict[str, Any]]:
    """Eight clients at once on one worker with eight threads."""
    own = works.own_customers(at)
    revenue = itertools.count(2_000_000)
    programs = [Client(port).log_in(company.SELLER) for _ in range(CLIENTS)]
    people = [Client(port).enter(company.SELLER) for _ in range(CLIENTS)]
    turns = [itertools.cycle(own[at_::CLIENTS]) for at_ in range(CLIENTS)]
    kinds: dict[str, Any] = {
        "W3a": [lambda c=c: c.right("GET", "/api/v1/records/customer?count=none") for c in programs],
        "W3 page": [lambda c=c: c.right("GET", "/records/customer") for c in people],
        "W4": [lambda c=c, t=t: c.right("GET", f"/api/v1/records/customer/{next(t)}?related=contacts,orders:20") for c, t in zip(programs, turns)],
        "W1": [lambda c=c, n=works.new_customers(at_): c.right("POST", "/api/v1/records/customer", next(n)) for at_, c in enumerate(programs)],
        "W5": [lambda c=c, t=t: c.right("PATCH", f"/api/v1/records/customer/{next(t)}", {"annual_revenue": f"{next(revenue)}.50"})
               for c, t in zip(programs, turns)],
    }  # fmt: skip
    found = []
    for key, acts in kinds.items():
        rate, late = together(acts, seconds)
        found.append({"database": at.database, "work": key, "rate": rate, "p95": late})
    return found


def _imports(at: Scene, port: int, found: dict[str, Any], rows: int) -> None:
    admin = Client(port).log_in(company.ADMIN)
    contents = {"customer": imports.customers_csv(rows), "contact": imports.contacts_csv(rows, at.size.customers)}
    for entity, content in contents.items():
        rate = imports.run_import(admin, entity, content)
        found["imports"].append(
            {"database": at.database, "entity": entity, "rows": rows, "rate": rate, "goal": imports.GOAL}
        )


def _parts(at: Scene, smoke: bool) -> dict[str, dict[str, float]]:
    own, revenue, new = itertools.cycle(works.own_customers(at)), itertools.count(3_000_000), works.new_customers(11)
    acts: dict[str, Any] = {
        "W3a": (False, lambda app: app.call("GET", "/api/v1/records/customer?count=none")),
        "W3 page": (True, lambda app: app.call("GET", "/records/customer")),
        "W4": (False, lambda app: app.call("GET", f"/api/v1/records/customer/{next(own)}?related=contacts,orders:20")),
        "W1": (False, lambda app: app.call("POST", "/api/v1/records/customer", next(new))),
        "W5": (False, lambda app: app.call("PATCH", f"/api/v1/records/customer/{next(own)}", {"annual_revenue": f"{next(revenue)}.50"})),
    }  # fmt: skip
    return breakdown.measure(at, acts, 2 if smoke else 6, 5 if smoke else 30)


def _machine() -> str:
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024**2
    return f"{os.cpu_count()} x {cpu}, {memory} GB, Python {machine.python_version()}, load {os.getloadavg()[0]:.1f} before"

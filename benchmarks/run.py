"""One run: floors, bare views and the platform in turn, round by round, and the table at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks import company, invented, servers, works
from benchmarks.client import Client, Times
from benchmarks.floors import Floor
from benchmarks.scene import RESULTS, Scene, scene
from benchmarks.works import Callers, Work


def run(databases: Sequence[str], size: str, wanted: Sequence[str], rounds: int, smoke: bool = False) -> None:
    found: dict[str, Any] = {"size": size, "began": time.strftime("%Y-%m-%dT%H:%M:%S"), "works": []}
    for database in databases:
        print(f"{database}, {invented.SIZES[size].customers:,} customers", flush=True)
        with scene(database, invented.SIZES[size]) as at:
            found["works"] += one_client(at, wanted, rounds, 3 if smoke else 20)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{size}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))


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
            made = Callers(
                floor, Client(bare.port), Client(ours.port).log_in(company.SELLER), Client(ours.port).log_in(company.ADMIN), person
            )
            yield made, ours, bare
        finally:
            floor.close()


def one_client(at: Scene, wanted: Sequence[str], rounds: int, most: int) -> list[dict[str, Any]]:
    with callers(at, 1) as (calling, ours, bare):
        for line in works.compare(calling, works.own_customers(at)[3]):
            print("  differs: " + line)
        found = []
        for work in (*works.reading(at, calling), *works.writing(at, calling)):
            if not wanted or work.key.split()[0] in wanted or work.key in wanted:
                found.append(measure(at, work, ours, bare, rounds, min(most, work.each)))
                print("  " + line_of(found[-1]), flush=True)
        return found


def measure(at: Scene, work: Work, ours: servers.Server, bare: servers.Server, rounds: int, each: int) -> dict[str, Any]:
    """The three in turn, so that a busy moment of the machine meets all of them."""
    f0, f1, mine = Times(), Times(), Times()
    for _ in range(rounds):
        if work.floor:
            f0.add(work.floor, each)
        if work.bare:
            f1.add(work.bare, each, lambda: bare.cpu)
        mine.add(work.ours, each, lambda: ours.cpu)
    ratios = sorted(m / f for m, f in zip(_medians(mine), _medians(f1)))
    return {
        "database": at.database, "work": work.key, "said": work.said, "goal": work.goal, "milliseconds": work.milliseconds,
        "f0": f0.best, "f1": f1.best, "ours": mine.best, "p95": mine.p95, "multiple": mine.best / f1.best,
        "middle": ratios[len(ratios) // 2], "cpu_f1": f1.cost, "cpu": mine.cost,
    }  # fmt: skip


def _medians(times: Times) -> list[float]:
    return [sorted(found)[len(found) // 2] for found in times.rounds]


def line_of(one: dict[str, Any]) -> str:
    goal = f"{one['goal']:.1f}x" if one["goal"] else f"{one['milliseconds']:.0f} ms"
    met = one["multiple"] <= one["goal"] if one["goal"] else one["ours"] <= one["milliseconds"]
    return (
        f"{one['work']:<10} F0 {one['f0']:7.2f}  F1 {one['f1']:7.2f}  ours {one['ours']:7.2f} ms (p95 {one['p95']:6.1f})  "
        f"{one['multiple']:5.2f}x F1 (middle {one['middle']:.2f}x, cpu {one['cpu']:.2f}/{one['cpu_f1']:.2f} ms)  goal {goal} {'met' if met else 'MISSED'}"
    )

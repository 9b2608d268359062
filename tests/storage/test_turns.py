"""Writers of one SQLite file stand in line: a worker that writes again and again leaves room for the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from yuanke.storage import Installation
from yuanke.storage.engines import Turns


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def test_the_first_that_asks_is_the_first_that_gets() -> None:
    turns, order = Turns(), []
    assert turns.take(1)

    def wait(name: int) -> None:
        assert turns.take(5)
        order.append(name)
        turns.give()

    threads = []
    for name in range(5):
        threads.append(threading.Thread(target=wait, args=(name,)))
        threads[-1].start()
        while len(turns._line) <= name:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_waited_too_long_leaves_the_line() -> None:
    turns = Turns()
    assert turns.take(1) and not turns.take(0.02) and not turns._line
    turns.give()
    assert turns.take(0.02)


def test_a_busy_writer_starves_nobody(installation: Installation, enterprise: Callable[..., Any]) -> None:
    at = enterprise("entities: {thing: {fields: {name: text!}}}")
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            with installation.unit(at, write=True):
                time.sleep(0.02)

    worker = threading.Thread(target=busy)
    worker.start()
    try:
        waits = []
        for _ in range(5):
            began = time.monotonic()
            with installation.unit(at, write=True):
                waits.append(time.monotonic() - began)
    finally:
        stop.set()
        worker.join()
    assert max(waits) < 2, waits


def test_a_new_empty_field_asks_for_no_new_index(installation: Installation, enterprise: Callable[..., Any]) -> None:
    import sqlalchemy as sa
    from yuanke.jobs.tables import JOB
    from yuanke.metadata import Layer
    from yuanke.storage import change, definitions

    at = enterprise("entities: {thing: {fields: {name: text!, code: {type: text, searchable: false}}}}")

    def kinds(overlay: dict[str, Any]) -> list[str]:
        own = Layer.from_plain(definitions.OWN, "enterprise", overlay)
        change(installation, at, lambda unit: definitions.replaced(definitions.layers_of(unit), own))
        with installation.unit(at) as unit:
            return [row.kind for row in unit.execute(sa.select(JOB.c.kind))]

    extra = {"fields": {"extra": {"type": "text", "searchable": True}}}
    assert "reindex" not in kinds({"entities": {"thing": extra}})
    extra["fields"]["code"] = {"searchable": True}
    assert "reindex" in kinds({"entities": {"thing": extra}})

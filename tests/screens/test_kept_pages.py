# ruff: noqa: F811 - fixtures that are imported and asked for
"""List pages that are drawn once and filled again: each reader sees his own, as it is now."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Enterprise
from yuanke.records import Query, Records
from yuanke.screens import kept
from yuanke.screens.cells import cell
from yuanke.screens.columns import styles
from yuanke.screens.drawn import records_html
from yuanke.screens.rows import rows_html

from tests.served import app, browser, caller, notes, staff, unchanged  # noqa: F401

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])

EVERYTHING = """
entities:
  target: {fields: {name: text!}, permissions: {clerk: {read: all, create: true}}}
  thing:
    fields:
      name: text!
      amount: money
      weight: {type: quantity}
      day: date
      at: datetime
      yes: {type: bool}
      mail: email
      phone: phone
      site: url
      place: region
      level: {options: {a: {label: 甲, color: red}, b: 乙}}
      several: {multiple: true, options: {x: 一, y: 二}}
      to: {link: target}
      all: {links: target}
      words: tags
      stars: rating
      text: long_text
      colour: color
    permissions: {clerk: {read: own, create: true, update: own, delete: own}}
roles: {clerk: 店员}
"""
FULL = {
    "name": "<b>甲</b> & '乙'", "amount": "1234.50", "weight": "2.5", "day": "2026-03-05", "at": "2026-03-05T06:30:00Z", "yes": True,
    "mail": "a@example.com", "phone": "+8613800138000", "site": "https://example.com/?a=1&b=2", "place": "广东省/深圳市/南山区",
    "level": "a", "several": ["x", "y"], "words": ["<x>", "y"], "stars": 4, "text": "一\n二", "colour": "#ff0000",
}  # fmt: skip


def without_tokens(page: str) -> str:
    return re.sub(r'(name="csrf_token" value=|"csrf":)"[^"]*"', r"\1", page)


def list_of(client: Any, entity: str = "note", query: str = "") -> str:
    answer = client.get(f"/records/{entity}{query}")
    assert answer.status_code == 200
    return str(answer.text)


def test_the_second_page_is_the_first_with_its_rows_of_now(
    app: Any, notes: Enterprise, caller: Callable[..., Any]
) -> None:
    lin = caller("lin")
    lin.post("/records/note", {"title": "erste <1>"})
    client = browser(app, "acme", "lin")
    kept._kept.clear()
    first = list_of(client)
    assert without_tokens(list_of(client)) == without_tokens(first) and len(kept._kept) == 1
    assert "erste &lt;1&gt;" in first and "hole-" not in first
    lin.post("/records/note", {"title": "zweite"})
    again = list_of(client)
    assert "zweite" in again and 'id="yk-total">2<' in again


def test_two_readers_share_nothing_that_is_theirs(app: Any, notes: Enterprise, caller: Callable[..., Any]) -> None:
    for name in ("lin", "yu"):
        caller(name).post("/records/note", {"title": f"of {name}"})
    pages = {name: list_of(browser(app, "acme", name)) for name in ("lin", "yu", "qin", "lin")}
    assert "of lin" in pages["lin"] and "of yu" not in pages["lin"] and "Lin" in pages["lin"]
    assert "of yu" in pages["yu"] and "Yu" in pages["yu"] and "Lin" not in pages["yu"]
    assert "of lin" in pages["qin"] and "of yu" in pages["qin"]


def test_a_kept_page_carries_a_token_that_is_good(app: Any, notes: Enterprise, caller: Callable[..., Any]) -> None:
    caller("lin").post("/records/note", {"title": "a"})
    for _ in range(2):
        client = browser(app, "acme", "lin")
        found = re.search(r'name="csrf_token" value="([^"]+)"', list_of(client))
        assert found is not None
        answer = client.post("/records/note/columns", data={"column": "title", "csrf_token": found[1]})
        assert answer.status_code == 200


def test_what_is_searched_for_is_not_kept(app: Any, notes: Enterprise, caller: Callable[..., Any]) -> None:
    caller("lin").post("/records/note", {"title": "needle"})
    client = browser(app, "acme", "lin")
    kept._kept.clear()
    assert "needle" in list_of(client, query="?q=needle")
    assert not kept._kept


@pytest.fixture
def things(installation: Any, enterprise: Callable[..., Enterprise], staff: Callable[..., int]) -> Any:
    made = enterprise(EVERYTHING)
    staff(made, "lin", "clerk")
    return made


def test_columns_are_drawn_as_cells_are(installation: Any, things: Enterprise) -> None:
    from yuanke.access.sessions import actor_of

    with installation.unit(things, write=True) as unit:
        door = Records(unit, actor_of(unit, 1, "screen"))
        target = door.create("target", {"name": "目标 <&>"}).id
        door.create("thing", {**FULL, "to": target, "all": [target]})
        door.create("thing", {"name": "leer"})
        entity = unit.registry.entities["thing"]
        fields = [
            field
            for key, field in entity.fields.items()
            if key in FULL or key in ("to", "all", "owner", "created_at", "version")
        ]
        for locale in ("zh", "en"):
            place = Place(locale=locale)
            records = door.list("thing", Query(fields=tuple(field.key for field in fields))).records
            css = styles(entity, fields)
            rows = [
                {
                    "id": r.id,
                    "url": f"/records/thing/{r.id}",
                    "title": r.title,
                    "version": r.version,
                    "cells": [cell(r, f, place) for f in fields],
                }
                for r in records
            ]
            for picks, more in ((True, "更多"), (False, None)):
                drawn = records_html(records, fields, css, place, picks, more)
                assert drawn == rows_html(rows, [{"css": one} for one in css], picks, more)

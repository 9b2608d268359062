"""Screens of every module in a real Chromium: nothing said on the console, no breach of the CSP, nothing wider than the
window. The short form takes one entity a module; the nightly one takes all of the demo company with its samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page

from tests.browser.watching import barriers, ready

if TYPE_CHECKING:
    from yuanke.metadata.registry import Entity, Registry

pytestmark = pytest.mark.browser


def kinds(registry: Registry) -> Iterator[Entity]:
    """Entities that the menu leads to or that hang on others; owned rows and pairs have no page."""
    return (one for one in registry.entities.values() if one.kind == "record" and not one.system)


def main_ones(registry: Registry) -> dict[str, str]:
    """Module -> its entity with the most fields: where something would go wrong first."""
    found: dict[str, Entity] = {}
    for entity in kinds(registry):
        standing = found.get(entity.module)
        if standing is None or len(entity.fields) > len(standing.fields):
            found[entity.module] = entity
    return {module: entity.key for module, entity in found.items()}


def look(page: Page, path: str) -> list[str]:
    answer = page.goto(path)
    ready(page)
    wide = page.evaluate("document.documentElement.scrollWidth") - page.viewport_size["width"]
    told = [] if answer is not None and answer.ok else [f"{path}: {answer and answer.status}"]
    return [*told, *([f"{path}: {wide} px too wide"] if wide > 0 else [])]


def registry_of(company: Any) -> Registry:
    with company.installation.unit(company.enterprise) as unit:
        return unit.registry


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_one_list_and_one_form_of_every_module_stand(size: str, at_work, company) -> None:
    page = at_work("/all", "mo", size)
    wrong: list[str] = []
    for at, key in enumerate(main_ones(registry_of(company)).values()):
        paths = [f"/records/{key}", f"/records/{key}/new"]
        for path in paths if size == "desktop" else paths[at % 2 :][:1]:
            wrong += look(page, path)
    assert not wrong


@pytest.mark.nightly
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_list_form_and_record_stands_and_is_accessible(size: str, at_work, company) -> None:
    page = at_work("/all", "mo", size)
    wrong: list[str] = []
    for entity in kinds(registry_of(company)):
        paths = [f"/records/{entity.key}", f"/records/{entity.key}/new"]
        found = company.door(lambda records, key=entity.key: records.list(key).records)
        paths += [f"/records/{entity.key}/{found[0].id}"] if found else []
        for path in paths:
            wrong += look(page, path)
            wrong += [f"{path}: {one}" for one in barriers(page)]
    assert not wrong, "\n".join(wrong)

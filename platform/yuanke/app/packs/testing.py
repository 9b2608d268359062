"""``yuanke pack test``: everything that can be tried of packs, in one throw-away enterprise for each.

The one rule: checks run one after the other on what the same trial made; one that breaks down is a fault of its own and
stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from yuanke.app.packs.conformance import check_fields, check_formulas, check_record, check_rights
from yuanke.app.packs.faces import Browser, check_tables, check_views
from yuanke.app.packs.flows import check_flow
from yuanke.app.packs.own_cases import run_own
from yuanke.app.packs.results import Result, wrong
from yuanke.app.packs.trial import Trial
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity
from yuanke.storage import Installation
from yuanke.storage.packs.files import lower_modules, own_modules

Check = Callable[[Trial, Entity], Iterator[Result]]
CHECKS: dict[str, Check] = {
    "record": check_record, "fields": check_fields, "formulas": check_formulas, "rights": check_rights, "flow": check_flow,
}  # fmt: skip


class Tester:
    """Tests packs in one installation; pages are drawn by one application for all of them."""

    def __init__(self, installation: Installation, pages: bool = True) -> None:
        self.installation = installation
        self.browser = Browser() if pages else None
        self._number = 0

    def test(self, layers: Sequence[Layer], files: Sequence[Path]) -> Iterator[Result]:
        """Results as they come. Raises DefinitionError when the pack cannot even be compiled."""
        self._number += 1
        below = lower_modules(layers, files)
        trial = Trial(self.installation, f"trial{self._number}", [*layers, *below], own_modules(layers))
        yield from run_own(trial)
        trial.make_records()
        for entity in trial.own:
            for name, check in CHECKS.items():
                yield from _guarded(name, entity, lambda check=check, entity=entity: check(trial, entity))  # type: ignore[misc]
        browser = self.browser
        if browser is not None:
            for entity in trial.own:
                yield from _guarded("views", entity, lambda entity=entity: check_views(trial, entity, browser))  # type: ignore[misc]
        for entity in trial.own:
            yield from _guarded("tables", entity, lambda entity=entity: check_tables(trial, entity))  # type: ignore[misc]


def _guarded(name: str, entity: Entity, run: Callable[[], Iterator[Result]]) -> Iterator[Result]:
    try:
        yield from run()
    except Exception as broken:
        yield wrong(name, entity.key, f"broke down: {type(broken).__name__}: {broken}")

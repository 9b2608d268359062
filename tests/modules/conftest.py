"""The CRM's own files as the tests see them: module files, plugins loaded by path, the Northwind tables."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.conftest import layer_of

if TYPE_CHECKING:
    from yuanke.kernel.actor import Enterprise
    from yuanke.records import Records
    from yuanke.storage import Installation

ROOT = Path(__file__).resolve().parents[2]


def load_plugin(name: str) -> ModuleType:
    """A plugin of the checkout, loaded by path as the platform does it: one file, or a folder with ``__init__.py``."""
    loaded = f"yuanke_plugin_{name}"
    if loaded in sys.modules:
        return sys.modules[loaded]
    path = ROOT / "plugins" / f"{name}.py"
    path = path if path.exists() else ROOT / "plugins" / name / "__init__.py"
    spec = importlib.util.spec_from_file_location(loaded, path, submodule_search_locations=[str(path.parent)])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[loaded] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def plugins() -> Callable[[str], ModuleType]:
    return load_plugin


@pytest.fixture(scope="session")
def plugins_loaded() -> Callable[[str], ModuleType]:
    """A plugin as the platform registered it; built-ins and all plugins are loaded."""
    from yuanke.app.plugins import load
    from yuanke.kernel.hooks import hooks

    load()
    return lambda name: hooks().get_plugin(f"yuanke_plugin_{name}")


@pytest.fixture(scope="session")
def lunar() -> ModuleType:
    return load_plugin("lunar")


@cache
def plain(path: Path) -> Any:
    """What a YAML file says, read once; nobody changes it."""
    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def module_files(*names: str) -> list[Path]:
    """The files of these modules and of all they depend on."""
    wanted, found = list(names), {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            path = ROOT / "modules" / f"{name}.yaml"
            found[name] = path
            wanted += plain(path).get("depends", [])
    return list(found.values())


class Undone(Exception):
    """Ends a unit of work so that nothing of it stays."""


@dataclass(frozen=True)
class Staff:
    """An enterprise with one person of each role; ``door("sales")`` is the door of that person."""

    installation: Installation
    at: Enterprise
    ids: Mapping[str, int]

    @contextmanager
    def working(self, keep: bool = False) -> Iterator[Callable[[str], Records]]:
        """Doors by role in one unit of work, of which nothing stays unless ``keep``."""
        from yuanke.kernel.actor import Actor
        from yuanke.records import Records

        with suppress(Undone), self.installation.unit(self.at, write=True) as unit:
            yield lambda role: Records(unit, Actor(self.at.slug, self.ids[role], role, role, frozenset([role])))
            if not keep:
                raise Undone


def everybody_agrees(doors: Callable[[str], Records], people: Mapping[str, int]) -> None:
    """Whoever is asked to approve says yes, until nobody is asked any more."""
    from yuanke.workflow import approvals

    unit = doors("admin").unit
    task = unit.tables["approval_task"]
    while row := unit.execute(task.select().where(task.c.state == "open").limit(1)).first():
        role = next(role for role, person in people.items() if person == row.approver)
        approvals.approve(unit, doors(role).actor, row.id)


def hire(installation: Installation, at: Enterprise) -> Staff:
    """One person of each role."""
    from yuanke.kernel.actor import Actor
    from yuanke.records import Records

    with installation.unit(at, write=True) as unit:
        door = Records(unit, Actor(at.slug, None, "engine", door="command", engine=True))
        roles = dict.fromkeys(["admin", *unit.registry.roles])
        ids = {role: door.create("user", {"username": role, "name": role, "roles": [role]}).id for role in roles}
    return Staff(installation, at, ids)


@pytest.fixture
def staff(installation: Installation, enterprise: Callable[..., Enterprise]) -> Callable[..., Staff]:
    """``staff("product")``: an enterprise of this module and those it needs, with one person of each role."""
    return lambda *names: hire(installation, enterprise(*module_files(*names), slug="staffed"))


@pytest.fixture(scope="session")
def standing_staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Staff]]:
    """The same on SQLite, made once for all tests, which leave nothing behind."""
    from yuanke.app import plugins
    from yuanke.storage import Installation, create_enterprise

    plugins.load()
    installation = Installation(tmp_path_factory.mktemp("staffed"), None)
    made: dict[tuple[str, ...], Staff] = {}

    def make(*names: str) -> Staff:
        if names not in made:
            layers = [layer_of(path) for path in module_files(*names)]
            slug = f"staffed{len(made)}"
            made[names] = hire(installation, create_enterprise(installation, slug, slug, layers=layers))
        return made[names]

    yield make
    installation.close()


@pytest.fixture(scope="session")
def samples_of() -> Callable[[Records], Mapping[tuple[str, str], int]]:
    """Makes the sample records of the modules, as ``enterprise create --samples`` does; answers their ids."""
    from yuanke.access.grants import engine_of
    from yuanke.records import Records
    from yuanke.records.samples import fill

    return lambda door: fill(Records(door.unit, engine_of(door.actor)))

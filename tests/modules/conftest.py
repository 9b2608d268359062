"""The CRM's own files as the tests see them: module files, plugins loaded by path, the Northwind tables."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

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

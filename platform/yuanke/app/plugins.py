"""Plugins: Python that YAML cannot say, loaded by path and registered through the hooks, the built-ins first.

The one rule: loading happens once, at start, before anything asks a hook; a plugin that cannot be loaded stops the
start with its path and its reason.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType

from yuanke.app.configuration import PACKAGE
from yuanke.kernel.hooks import hooks

#: packages that declare tables, lowest first: imported so that every enterprise is made with all of them
LAYERS = ("access", "jobs", "records", "messages", "ledgers", "workflow", "reports", "exchange", "web")
#: modules of the platform that answer hooks: ``yuanke.<package>.hooks``
BUILT_IN = tuple(f"yuanke.{package}.hooks" for package in (*LAYERS, "workflow.automations", "app"))
_lock = threading.Lock()
_loaded: set[str] = set()


class PluginFault(RuntimeError):
    """A plugin that cannot be loaded; says which, why, and what to do."""


def load() -> None:
    """Register the built-ins and every plugin found; calling it again adds only what is new."""
    with _lock:
        for package in LAYERS:
            import_module(f"yuanke.{package}")
        for name in BUILT_IN:
            if name not in _loaded and _exists(name):
                _register(name, import_module(name))
        for path in found():
            name = f"yuanke_plugin_{path.stem}"
            if name not in _loaded:
                _register(name, _import(name, path))


def found() -> list[Path]:
    """Plugin files and folders: those of YUANKE_PLUGINS (a path list), else of the checkout, else of the wheel."""
    given = os.environ.get("YUANKE_PLUGINS")
    if given is not None:
        roots = [Path(part) for part in given.split(os.pathsep) if part]
    else:
        near = (PACKAGE.parent.parent / "plugins", PACKAGE / "_plugins")
        roots = [next((folder for folder in near if folder.is_dir()), near[1])]
    return [path for root in roots for path in _plugins_of(root)]


def _plugins_of(root: Path) -> list[Path]:
    if root.is_file() or (root / "__init__.py").is_file():
        return [root]
    if not root.is_dir():
        return []
    return sorted(
        p
        for p in root.iterdir()
        if not p.name.startswith(("_", ".")) and (p.suffix == ".py" or (p / "__init__.py").is_file())
    )


def _import(name: str, path: Path) -> ModuleType:
    source = path / "__init__.py" if path.is_dir() else path
    places = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise PluginFault(
            f"{path} is not a Python file or package; a plugin is one file or one folder with __init__.py"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as fault:
        del sys.modules[name]
        raise PluginFault(
            f"the plugin {path} cannot be loaded: {type(fault).__name__}: {fault}. Mend it, or take it away."
        ) from fault
    return module


def _register(name: str, module: ModuleType) -> None:
    if not hooks().has_plugin(name):
        hooks().register(module, name)
    _loaded.add(name)


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False

"""A quick and small start: what Flask-AppBuilder imports at its beginning and nothing of ours uses is left until it is used.

The one rule: nothing is replaced. A late module is the real one, loaded on first use; a hollow package gives its real
submodules without running its own ``__init__``, and is gone again when the block ends.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

#: checks the queries of views that we do not have (0.1 s, 6 MB)
LATE = ("jsonschema",)
#: one column type is taken of it; its ``__init__`` brings the dialects of three other databases (0.2 s, 9 MB)
HOLLOW = ("sqlalchemy_utils", "sqlalchemy_utils.types")


@contextmanager
def start() -> Iterator[None]:
    """Import Flask-AppBuilder inside this block. Nothing dies while modules load, so nobody looks for the dead."""
    collecting = gc.isenabled()
    gc.disable()
    for name in LATE:
        _late(name)
    hollow = [name for name in HOLLOW if _hollow(name)]
    try:
        yield
    finally:
        for name in hollow:
            sys.modules.pop(name, None)
        if collecting:
            gc.enable()


class _Late(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _late(name: str) -> None:
    if name not in sys.modules:
        sys.modules[name] = _Late(name)


def _hollow(name: str) -> bool:
    if name in sys.modules:
        return False
    spec = find_spec(name)
    if spec is None:
        return False
    sys.modules[name] = module_from_spec(spec)
    return True

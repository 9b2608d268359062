"""All field types there are, the platform's and the plugins', by name. The one rule: no two of one name."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

from yuanke.fieldtypes.base import FieldType
from yuanke.kernel.hooks import hooks

_known: tuple[frozenset[int], Mapping[str, FieldType]] | None = None
_lock = threading.Lock()


def catalogue() -> Mapping[str, FieldType]:
    """Name -> type, built-ins first; collected again when plugins have come or gone.

    Raises ValueError when two plugins bring a type of one name, or a plugin one of the platform's.
    """
    global _known
    from yuanke.fieldtypes import builtin  # the types import this package

    manager = hooks()
    with _lock:
        if not manager.is_registered(builtin):
            manager.register(builtin, builtin.__name__)
        plugins = frozenset(map(id, manager.get_plugins()))
        if _known is None or _known[0] != plugins:
            _known = (plugins, _collect())
        return _known[1]


def _collect() -> Mapping[str, FieldType]:
    types: dict[str, FieldType] = {}
    for brought in reversed(hooks().hook.field_types()):
        for kind in brought:
            if not kind.name or kind.name in types:
                other = type(types[kind.name]).__qualname__ if kind.name else "a name"
                raise ValueError(
                    f"field type {kind.name!r} of {type(kind).__module__}: the name is taken by {other}; choose another"
                )
            types[kind.name] = kind
    return MappingProxyType(types)

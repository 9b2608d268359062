"""Where each value of a field comes from: the layers that say something of it, and what would hold without the enterprise's own.

The one rule: what the topmost layer says holds; only what the enterprise itself says can be reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from flask_babel import gettext as _

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity
from yuanke.screens.places import place_words, value_words
from yuanke.screens.reader import Reader
from yuanke.storage import Unit, definitions
from yuanke.storage.overlays import SHORT, overlay_of

LAYOUTS = ("form", "list")


def origins(reader: Reader, entity: Entity, field: str) -> list[dict[str, Any]]:
    """``[{label, value, from, own, path | None}]``, as it is written; ``path`` names what can be reset."""
    held: dict[str, dict[str, Any]] = {}
    for layer in definitions.layers_of(reader.unit):
        said = _entity(layer, entity.key).get("fields")
        body = said.get(field) if isinstance(said, Mapping) else None
        own = layer.rank == "enterprise"
        for prop, value in _props(body).items():
            path = ["fields", field, prop] if own and _below(held) and isinstance(body, Mapping) else None
            held[prop] = {
                "label": place_words(reader, ("entities", entity.key, prop)).rpartition(" › ")[2], "value": value_words(value),
                "from": _name(reader, layer), "own": own, "path": path,
            }  # fmt: skip
    return list(held.values())


def own_layouts(reader: Reader, entity: Entity) -> list[str]:
    """Of form and list, those whose arrangement the enterprise itself says over one that a module declares."""
    views = ((overlay_of(reader.unit).get("entities") or {}).get(entity.key) or {}).get("views") or {}
    return [name for name in LAYOUTS if name in views]


def without(unit: Unit, entity: str, path: Sequence[str]) -> list[Layer]:
    """The layers that run, without what the enterprise itself says at ``path`` of an entity."""
    own = deepcopy(overlay_of(unit))
    held: list[Any] = [own]
    for key in ("entities", entity, *path[:-1]):
        below = held[-1].get(key) if isinstance(held[-1], dict) else None
        if not isinstance(below, dict):
            raise RecordNotFound()
        held.append(below)
    if not path or path[-1] not in held[-1]:
        raise RecordNotFound()
    for inner, key in zip(reversed(held), reversed(["entities", entity, *path]), strict=True):
        del inner[key]
        if inner:
            break
    return definitions.replaced(definitions.layers_of(unit), Layer.from_plain(definitions.OWN, "enterprise", own))


def _entity(layer: Layer, key: str) -> Mapping[str, Any]:
    body = (layer.plain().get("entities") or {}).get(key)
    return body if isinstance(body, Mapping) else {}


def _props(body: Any) -> Mapping[str, Any]:
    return body if isinstance(body, Mapping) else {} if body is None else {SHORT["fields"]: body}


def _below(held: Mapping[str, Any]) -> bool:
    """Whether a lower layer has the field at all: else the enterprise made it, and nothing stands beneath."""
    return any(not one["own"] for one in held.values())


def _name(reader: Reader, layer: Layer) -> str:
    if layer.rank == "enterprise":
        return str(_("本企业"))
    if layer.rank == "platform":
        return str(_("系统"))
    module = reader.registry.modules.get(layer.name)
    name = reader.say(module.label) if module is not None else layer.name
    return str(_("模块 %(name)s", name=name) if layer.rank == "module" else _("定制 %(name)s", name=name))

"""Compiled entities kept for the next Registry: one that nothing it was drawn from has changed is used again as it is.

Rule: an entity is kept with the faces of everything that was asked while it was compiled, and found again only when all
of them are the same. Equal entities are one object in all enterprises.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from yuanke.fieldtypes import FieldType
from yuanke.metadata.entities import Made, path_of
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.parts import types_digest

_KEPT = 4096
_VARIANTS = 4

Faces = tuple[tuple[str, bytes], ...]
_made: OrderedDict[bytes, list[tuple[Faces, Made]]] = OrderedDict()
_lock = Lock()


class Reuse:
    """What of one model was compiled before. ``english`` are its translations, ``types`` the field types there are."""

    def __init__(self, model: Model, english: Mapping[str, str], types: Mapping[str, FieldType]) -> None:
        self.model = model
        self._types = types_digest(types)
        self._words = self._vocabulary()
        self._english = _grouped(english)

    def _vocabulary(self) -> bytes:
        """Names beside entities that a declaration may mention."""
        made = hashlib.blake2b(
            repr((list(self.model.roles), self.model.incomplete, self._types)).encode(), digest_size=16
        )
        for name in ("classes", "metrics", "reports", "dashboards"):
            section = self.model.sections.get(name)
            made.update(repr([k for k, _ in section.items()] if section is not None else []).encode())
        ledgers = self.model.sections.get("ledgers")
        made.update(ledgers.digest() if ledgers is not None else b"")
        return made.digest()

    def key(self, definition: EntityDef) -> bytes:
        """Equal for definitions that say the same of themselves."""
        made = hashlib.blake2b(self._words, digest_size=16)
        made.update(definition.node.digest() + definition.part.digest)
        said = (
            definition.key,
            definition.module,
            definition.kind,
            definition.parent,
            definition.parent_link,
            definition.system,
        )
        made.update(repr((said, list(definition.fields), list(definition.inverses))).encode())
        made.update(self._english.get(path_of(definition, self.model).split(".")[1], b""))
        return made.digest()

    def section_key(self, name: str) -> bytes:
        return hashlib.blake2b(
            self._words + name.encode() + self.model.sections[name].digest(), digest_size=16
        ).digest()

    def find(self, key: bytes) -> tuple[Faces, Made] | None:
        for faces, made in _made.get(key, ()):
            if all(self.model.face(name) == face for name, face in faces):
                return faces, made
        return None

    def faces(self, names: set[str]) -> Faces:
        return tuple(sorted((name, self.model.face(name)) for name in names))

    def keep(self, key: bytes, faces: Faces, made: Made) -> None:
        with _lock:
            variants = _made.setdefault(key, [])
            variants.insert(0, (faces, made))
            del variants[_VARIANTS:]
            _made.move_to_end(key)
            while len(_made) > _KEPT:
                _made.popitem(last=False)


def _grouped(english: Mapping[str, str]) -> dict[str, bytes]:
    """A digest of the translations of each entity."""
    groups: dict[str, list[str]] = {}
    for path, text in english.items():
        if path.startswith("entities."):
            groups.setdefault(path.split(".", 2)[1], []).append(f"{path}\0{text}")
    return {
        key: hashlib.blake2b("\1".join(sorted(lines)).encode(), digest_size=16).digest()
        for key, lines in groups.items()
    }


def forget() -> None:
    """Drop everything that was kept (measurements)."""
    with _lock:
        _made.clear()

"""A declared value that knows where it was written.

Rule: nodes are never changed once a layer is settled; merging makes new ones along the changed path, shares the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from yuanke.kernel.diagnostics import Span

#: str, int, Decimal, bool, None, ``list[Node]`` or ``dict[str, Node]``
NodeValue = Any


class Node:
    """One value of a module file.

    ``span`` is the place of the value, ``key`` the place of the key before it (for things that are wrong as a whole);
    ``layer`` who said it; ``hidden`` the values of lower layers it covers, nearest first; ``removed`` is a tombstone:
    the key is gone and this is who took it. ``raw`` is the text of a plain scalar as typed, None for anything else.
    """

    __slots__ = ("_digest", "hidden", "key", "layer", "raw", "removed", "span", "value")

    def __init__(
        self,
        value: NodeValue,
        span: Span,
        layer: str = "",
        key: Span | None = None,
        hidden: tuple[Node, ...] = (),
        removed: bool = False,
        raw: str | None = None,
    ) -> None:
        self.value = value
        self.span = span
        self.layer = layer
        self.key = key or span
        self.hidden = hidden
        self.removed = removed
        self.raw = raw
        self._digest: bytes | None = None

    def __repr__(self) -> str:
        return f"Node({self.plain()!r} at {self.span})"

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def get(self, key: str) -> Node | None:
        """The live value under ``key`` of a map; None when absent, taken away, or when this is no map."""
        if not isinstance(self.value, dict):
            return None
        found: Node | None = self.value.get(key)
        return None if found is None or found.removed else found

    def at(self, *path: str) -> Node | None:
        node: Node | None = self
        for key in path:
            if node is None:
                return None
            node = node.get(key)
        return node

    def items(self) -> Iterator[tuple[str, Node]]:
        """Live entries of a map, in order; nothing when this is no map."""
        if isinstance(self.value, dict):
            for key, child in self.value.items():
                if not child.removed:
                    yield key, child

    def live(self) -> list[Node]:
        """Live items of a list; nothing when this is no list."""
        return [n for n in self.value if not n.removed] if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value as JSON knows it; a decimal becomes a number where that keeps it exact, else text."""
        value = self.value
        if isinstance(value, dict):
            return {k: n.plain() for k, n in value.items() if not n.removed}
        if isinstance(value, list):
            return [n.plain() for n in value if not n.removed]
        if isinstance(value, Decimal):
            return float(value) if Decimal(repr(float(value))) == value else str(value)
        return value

    def digest(self) -> bytes:
        """Equal for equal content, wherever it was written (order counts: it is the order on the screen)."""
        if self._digest is None:
            self._digest = self._make_digest()
        return self._digest

    def _make_digest(self) -> bytes:
        value = self.value
        made = hashlib.blake2b(digest_size=16)
        if self.removed:
            made.update(b"x")
        elif isinstance(value, dict):
            made.update(b"{")
            for key, child in value.items():
                made.update(key.encode("utf-8", "surrogatepass") + b"\0" + child.digest())
        elif isinstance(value, list):
            made.update(b"[")
            for child in value:
                made.update(child.digest())
        else:
            made.update(f"{type(value).__name__}:{value}".encode("utf-8", "surrogatepass"))
        return made.digest()

    def replaced(self, value: NodeValue) -> Node:
        """This node with another value, at the same place and of the same layer."""
        return Node(value, self.span, self.layer, self.key, self.hidden, raw=self.raw)


def from_plain(value: Any, span: Span, layer: str, path: str | None = None) -> Node:
    """Nodes of plain JSON-like data; floats become exact decimals.

    ``span`` stands for all of it; with ``path`` (begin with "") each place says its address instead of a line.
    """
    if isinstance(value, dict):
        made = {str(k): from_plain(v, span, layer, _below(path, str(k))) for k, v in value.items()}
        return Node(made, _at(span, path), layer)
    if isinstance(value, (list, tuple)):
        return Node([from_plain(v, span, layer, path) for v in value], _at(span, path), layer)
    if isinstance(value, float):
        return Node(Decimal(repr(value)), _at(span, path), layer, raw=repr(value))
    raw = None if value is None or isinstance(value, (str, bool)) else str(value)
    return Node(value, _at(span, path), layer, raw=raw)


def _below(path: str | None, key: str) -> str | None:
    return None if path is None else f"{path}.{key}" if path else key


def _at(span: Span, path: str | None) -> Span:
    return Span(f"{span.file}: {path}") if path else span

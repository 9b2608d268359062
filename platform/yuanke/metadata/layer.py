"""One file, or one stored definition, that says something about the metadata. Rule: a layer never changes once read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from yuanke.kernel.diagnostics import Diagnostic, Span
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, read
from yuanke.metadata.shape import settle_shape, with_features

Rank = Literal["platform", "module", "customization", "enterprise"]
#: the line by which a file says its name
_HEAD = re.compile(r"""^(?:module|customization)[ \t]*:[ \t]*["']?([\w-]+)""", re.MULTILINE)
RANKS: tuple[str, ...] = ("platform", "module", "customization", "enterprise")


class Layer:
    """``name`` is the module's or customization's own; ``node`` what was written; ``faults`` those of reading it.

    A file that cannot be read to its end still gives a layer: an empty one that is ``broken``, so that the faults of
    all files can be told at once by `compile_layers`.
    """

    def __init__(
        self,
        name: str,
        rank: Rank,
        node: Node,
        *,
        file: str | None = None,
        text: str = "",
        faults: tuple[Diagnostic, ...] = (),
        broken: bool = False,
    ) -> None:
        self.name = name
        self.rank = rank
        self.node = node
        self.file = file or name
        self.text = text
        self.faults = faults
        self.broken = broken

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {self.rank!r})"

    @classmethod
    def read_file(cls, path: str | Path, rank: Rank = "module") -> Layer:
        """The layer of one YAML file; a file that cannot be opened gives a broken layer with E109."""
        try:
            with open(path, "rb") as opened:
                content = opened.read(MAX_BYTES * 4 + 1)
        except OSError as error:
            fault = Diagnostic(
                "E109", "The file cannot be opened", f"{error.strerror or error}. Check the path.", Span(str(path))
            )
            return cls(
                Path(path).stem,
                rank,
                Node({}, Span(str(path)), Path(path).stem),
                file=str(path),
                faults=(fault,),
                broken=True,
            )
        return cls.read_text(content, str(path), rank)

    @classmethod
    def read_text(cls, text: str | bytes, file: str = "text", rank: Rank = "module") -> Layer:
        """The layer of YAML text; ``file`` is what faults call it."""
        kept = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        said = _HEAD.search(kept[:100_000])
        name = said.group(1) if said else Path(file).stem
        node, faults = read(text, file, name)
        if node is None:
            return cls(name, rank, Node({}, Span(file), name), file=file, text=kept, faults=tuple(faults), broken=True)
        return cls(name, rank, with_features(node), file=file, text=kept, faults=tuple(faults))

    @classmethod
    def from_plain(cls, name: str, rank: Rank, data: Mapping[str, Any]) -> Layer:
        """The layer of JSON-like data, as `plain` gave it (stored definitions, an admin's overlay).

        Faults of a customization or of the enterprise say the address: ``enterprise: entities.member.fields.fax``.
        """
        wrong = oversize(data)
        if wrong:
            fault = Diagnostic("E105", "The definition is too big or too deep", wrong, Span(name))
            return cls(name, rank, Node({}, Span(name), name), faults=(fault,), broken=True)
        path = "" if rank in ("customization", "enterprise") else None
        return cls(name, rank, from_plain(dict(data), Span(name), name, path))

    def plain(self) -> dict[str, Any]:
        """What was written, as JSON knows it; `from_plain` reads it back to an equal layer."""
        result: dict[str, Any] = self.node.plain()
        return result

    @cached_property
    def settled(self) -> Node:
        """``node`` with every shorthand spelled out; the layer's own name stands in each node."""
        return settle_shape(self.node)

    @cached_property
    def digest(self) -> str:
        """Equal layers have equal digests, wherever their text came from."""
        return f"{self.rank}:{self.name}:{self.node.digest().hex()}"

    def line(self, number: int) -> str:
        lines = self._lines
        return lines[number - 1] if 0 < number <= len(lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.removeprefix("\ufeff").splitlines()


def oversize(data: Any) -> str:
    """Why plain data is more than the reader would take from a file, "" when it is not."""
    waiting: list[tuple[Any, int]] = [(data, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            return f"More than {MAX_DEPTH} levels; the dialect needs not half of them."
        if seen > MAX_NODES:
            return f"More than {MAX_NODES:,} values. Split it into several layers."
        if isinstance(value, Mapping):
            waiting += [(child, depth + 1) for child in value.values()]
        elif isinstance(value, (list, tuple)):
            waiting += [(child, depth + 1) for child in value]
    return ""

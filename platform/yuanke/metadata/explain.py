"""Who set a value: the answer to ``yuanke pack explain booking.fields.weighted.formula``.

Rule: what is shown is what holds after all layers, with the place that said it and everything it hides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from yuanke.kernel.diagnostics import DefinitionError, Diagnostic, Span, did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.layer import Layer
from yuanke.metadata.node import Node
from yuanke.metadata.stack import SECTIONS, Stack, lay


@dataclass(frozen=True)
class Said:
    """One value at its address. ``removed``: the layer took the key away. ``hides``: (value, place, layer)s."""

    address: str
    value: Any
    span: Span
    layer: str
    removed: bool = False
    hides: tuple[tuple[Any, Span, str], ...] = ()

    def render(self) -> str:
        """One line, and one for each value it hides."""
        shown = "(taken away)" if self.removed else _shown(self.value)
        lines = [f"{self.address}: {shown}    {self.span} ({self.layer})"]
        lines += [f"    hides {_shown(value)}    {span} ({layer})" for value, span, layer in self.hides]
        return "\n".join(lines)


def explain(layers: Sequence[Layer], address: str) -> list[Said]:
    """Every value at and below ``address`` (``member.fields.name``, ``settings.rate``, ``reports.funnel``).

    Raises `DefinitionError` when nothing is there, with the nearest name.
    """
    stack = lay(layers, Faults())
    path = _path(stack, address)
    node, at = _find(stack, path, address)
    return list(_values(node, at))


def _path(stack: Stack, address: str) -> list[str]:
    words = [w for w in address.split(".") if w]
    return words if words and words[0] in SECTIONS else ["entities", *words]


def _find(stack: Stack, path: list[str], address: str) -> tuple[Node, str]:
    held = stack.sections
    here: Node | None = held.get(path[0])
    at = path[0]
    for word in path[1:]:
        below = here.value if here is not None and here.is_map else {}
        if word not in below:
            hint = did_you_mean(word, below)
            detail = f'{at} has no "{word}".{hint}' if below else f"{at} holds a single value."
            raise DefinitionError([Diagnostic("E302", f'Nothing is said at "{address}"', detail, Span(address))])
        here, at = below[word], f"{at}.{word}"
    if here is None:
        raise DefinitionError(
            [Diagnostic("E302", f'Nothing is said at "{address}"', f"No layer has {path[0]}.", Span(address))]
        )
    return here, at.removeprefix("entities.")


def _values(node: Node, at: str) -> Iterator[Said]:
    if not node.removed and node.is_map and node.value:
        for key, child in node.value.items():
            yield from _values(child, f"{at}.{key}")
        return
    hides = tuple((hidden.plain(), hidden.span, hidden.layer) for hidden in node.hidden)
    yield Said(at, None if node.removed else node.plain(), node.span, node.layer, node.removed, hides)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) and not value.isprintable() else str(value)
    return text if len(text) <= 200 else text[:197] + "..."

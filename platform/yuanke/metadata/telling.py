"""What kind of field the telling keys say, without a `type:`. Rule: one telling key, one type."""

from __future__ import annotations

from yuanke.metadata.node import Node


def telling_type(node: Node) -> str:
    """The type that a telling key implies; "" when only a formula is there, or nothing."""
    link = node.get("link")
    if link is not None:
        if link.is_list and len(link.live()) != 1:
            return "dynamic_link"
        target = link.live()[0].value if link.is_list else link.value
        return str(target) if target in ("user", "department") else "link"
    if node.get("links") is not None:
        return "links"
    if node.get("rows") is not None:
        return "rows"
    if node.get("options") is not None:
        multiple = node.get("multiple")
        return "choices" if multiple is not None and multiple.value is True else "choice"
    return "choice" if node.get("bands") is not None else ""


def type_word(node: Node) -> str:
    """The type that is said, else the one that is told."""
    said = node.get("type")
    return said.value if said is not None and isinstance(said.value, str) else telling_type(node)


def targets_of(node: Node) -> list[Node]:
    """The words of ``link:`` or ``links:`` (one entity or several)."""
    said = node.get("link") or node.get("links")
    if said is None:
        return []
    items = said.live() if said.is_list else [said]
    return [item for item in items if isinstance(item.value, str)]

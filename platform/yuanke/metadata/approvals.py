"""The field that says how far a record is approved; every entity has it that has a transition with ``approval:``.

Rule: nobody declares it and nobody but the engine writes it; it can be listed, filtered and named in expressions.
"""

from __future__ import annotations

from typing import Any

from yuanke.kernel.diagnostics import Span
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.registry import Entity

FIELD = "approval"
NOT_NEEDED, UNSENT, SUBMITTED, PENDING = "not_needed", "unsent", "submitted", "pending"
APPROVED, REJECTED, WITHDRAWN = "approved", "rejected", "withdrawn"
#: somebody has to decide: the record is locked
RUNNING = frozenset({SUBMITTED, PENDING})
_OPTIONS: dict[str, Any] = {
    NOT_NEEDED: {"label": "非审批", "color": "grey"},
    UNSENT: {"label": "未提交", "color": "grey"},
    SUBMITTED: {"label": "已提交", "color": "blue", "running": True},
    PENDING: {"label": "审批中", "color": "orange", "running": True},
    APPROVED: {"label": "同意", "color": "green", "closed": True},
    REJECTED: {"label": "否决", "color": "red", "closed": True},
    WITHDRAWN: {"label": "已撤销", "color": "grey", "closed": True},
}
APPROVAL_FIELD: Node = from_plain(
    {"label": "审批状态", "options": _OPTIONS, "default": UNSENT, "editable": False},
    Span("platform"),
    "platform",
)


def needs_approval(node: Node) -> bool:
    """Whether the entity that ``node`` declares has a transition that somebody must agree to."""
    transitions = node.at("workflow", "transitions")
    if transitions is None or not transitions.is_map:
        return False
    return any(one.is_map and one.get("approval") is not None for _, one in transitions.items())


def approvable(entity: Entity) -> bool:
    """The same of a compiled entity."""
    transitions = (entity.workflow or {}).get("transitions") or {}
    return any(said.get("approval") for said in transitions.values())

"""What people read of transitions, actions, automations and steps of approval, in both languages.

Rule: an act without a label is called by its key; a text nobody wrote is not there.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.kernel.text import Label
from yuanke.metadata import texts
from yuanke.metadata.node import Node

#: where acts are declared on an entity
ACTS = (("workflow", "transitions"), ("actions",), ("automations",))
TEXTS = ("help", "confirm", "message")


def act_labels(node: Node, path: str, english: Mapping[str, str]) -> dict[str, Label]:
    """``{"win": 赢单, "win.confirm": ..., "win.approval.manager": ...}`` of the entity that ``node`` declares."""
    made: dict[str, Label] = {}
    for place in ACTS:
        held = node.at(*place)
        for key, act in held.items() if held is not None else ():
            at = f"{path}.{'.'.join(place)}.{key}"
            made[key] = texts.label(act, key, at, english)
            for word in TEXTS:
                said = texts.text(act, word, at, english)
                if said is not None:
                    made[f"{key}.{word}"] = said
            steps = act.at("approval", "steps")
            for step, body in steps.items() if steps is not None else ():
                made[f"{key}.approval.{step}"] = texts.label(body, step, f"{at}.approval.steps.{step}", english)
    becomes = node.get("becomes")
    for key, document in becomes.items() if becomes is not None else ():
        if document.get("label") is not None:
            made[f"becomes.{key}"] = texts.label(document, key, f"{path}.becomes.{key}", english)
    return made

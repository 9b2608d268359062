"""What is odd about a workflow as a whole: states out of reach, open states without a way on, moves for nobody.

Rule: these are warnings; a workflow with a dead end still runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.metadata.faults import Faults
from yuanke.metadata.model import EntityDef
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Entity, Field, Option

#: words that stand for states: every state, those that are not closed, the one before (whichever it was)
ANY, OPEN, PREVIOUS = "any", "open", "previous"


def warn_workflow(definition: EntityDef, entity: Entity, faults: Faults) -> None:
    field = entity.fields.get((entity.workflow or {}).get("field", ""))
    moves = definition.node.at("workflow", "transitions")
    if field is None or not field.options or moves is None:
        return
    ways = [(_states(field, one, "from"), _states(field, one, "to")) for _, one in moves.items()]
    ways += [
        (_states(field, one, "from"), _states(field, refused, "to"))
        for _, one in moves.items()
        if (refused := one.at("approval", "rejected")) is not None
    ]
    options = definition.node.at("fields", field.key, "options")
    for key, option in field.options.items():
        place = options.get(key) if options is not None else None
        at = place.key if place is not None else moves.key
        others = {state for sources, targets in ways for state in targets if sources - {key}}
        if not option.retired and key != field.default and key not in others:
            detail = "No transition has it in to:. Write one, retire the option, or say that records begin in it."
            faults.add("W606", at, f'Nothing leads to the state "{key}" of {entity.key}', detail)
        ends = option.values.get("closed") or option.void or option.retired
        if not ends and not any(key in sources for sources, _ in ways):
            detail = "Write a transition from it, or say closed: true if it is an end."
            faults.add("W607", at, f'Nothing leads out of the state "{key}" of {entity.key}', detail)
    for key, one in moves.items():
        if not _somebody(entity, key, one):
            detail = "Give a role of its own to it (roles:), name it in permissions, or let somebody update the entity."
            faults.add("W608", one.key, f'Nobody may take the transition "{key}" of {entity.key}', detail)


def _states(field: Field, move: Node, word: str) -> set[str]:
    """States that ``from:`` or ``to:`` of a move stands for."""
    said = move.get(word)
    words = said.live() if said is not None and said.is_list else [said] if said is not None else []
    return {state for one in words for state in states_named(field.options or {}, str(one.value))}


def states_named(options: Mapping[str, Option], word: str) -> frozenset[str]:
    """The states that ``word`` stands for: itself; every one; the open ones; those whose option says it is true."""
    if word in options:
        return frozenset({word})
    if word in (ANY, PREVIOUS):
        return frozenset(options)
    if word == OPEN:
        return frozenset(k for k, o in options.items() if not o.values.get("closed"))
    return frozenset(k for k, o in options.items() if o.values.get(word) is True)


def _somebody(entity: Entity, key: str, move: Node) -> bool:
    if any(move.get(word) is not None for word in ("hidden", "internal", "every", "roles")) or not entity.permissions:
        return True
    named = any(key in permission.verbs for permission in entity.permissions.values())
    return any((key if named else "update") in permission.verbs for permission in entity.permissions.values())

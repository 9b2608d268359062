"""Permissions as the engine asks them: role -> verb -> scopes, role -> field -> level.

Rule: what is not written is not allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Permission

BUILT_IN_SCOPES = frozenset({"own", "team", "department", "all", "shared", "pool"})
VERBS = ("read", "create", "update", "delete", "export", "import")
LEVELS = ("hidden", "masked", "reveal", "read", "write")
_NO_VERBS = frozenset({"fields", "deny", "limit", "report"})


class RightsMaker:
    def __init__(self, model: Model, faults: Faults) -> None:
        self.model, self.faults = model, faults

    def make(self, definition: EntityDef) -> dict[str, Permission]:
        made: dict[str, Permission] = {}
        said = definition.node.get("permissions")
        scopes = definition.node.get("scopes")
        known = BUILT_IN_SCOPES | {k for k, _ in scopes.items()} if scopes is not None else BUILT_IN_SCOPES
        verbs = self._verbs(definition)
        for role, node in said.items() if said is not None else ():
            if role not in ("admin", "everyone") and role not in self.model.roles and not self.model.incomplete:
                self.faults.add(
                    "E212",
                    node.key,
                    f'There is no role "{role}"',
                    "Roles stand under roles: of a module this one depends on, or of this one."
                    + did_you_mean(role, [*self.model.roles, "admin", "everyone"]),
                )
                continue
            if node.is_map:
                made[role] = self._permission(role, node, definition, known, verbs)
        return made

    def _verbs(self, definition: EntityDef) -> set[str]:
        verbs = set(VERBS)
        for path in (("workflow", "transitions"), ("actions",)):
            held = definition.node.at(*path)
            verbs |= {k for k, _ in held.items()} if held is not None else set()
        return verbs | {"merge", "transfer", "share"}

    def _permission(
        self, role: str, node: Node, definition: EntityDef, known: frozenset[str], verbs: set[str]
    ) -> Permission:
        granted: dict[str, tuple[str, ...]] = {}
        for verb, said in node.items():
            if verb in _NO_VERBS:
                continue
            if verb not in verbs:
                self.faults.add(
                    "E215",
                    said.key,
                    f'"{verb}" is nothing one can do with {definition.key}',
                    f"Verbs are {', '.join(VERBS)}, merge, transfer, share and its acts.{did_you_mean(verb, verbs)}",
                )
                continue
            scopes = self._scopes(said, definition, known)
            if scopes:
                granted[verb] = scopes
        deny = node.get("deny")
        denied = frozenset(
            str(n.value)
            for n in (deny.live() if deny is not None and deny.is_list else [deny] if deny is not None else [])
        )
        levels, conditions = self._levels(node.get("fields"), definition)
        more = {k: n.plain() for k, n in node.items() if k in ("limit", "report")}
        if conditions:
            more["fields"] = conditions
        return Permission(role, granted, levels, denied, more)

    def _scopes(self, said: Node, definition: EntityDef, known: frozenset[str]) -> tuple[str, ...]:
        if said.value is True:
            return ("all",)
        if said.value is False or said.is_map:
            return ()
        items = said.live() if said.is_list else [said]
        found: list[str] = []
        for item in items:
            word = str(item.value)
            if word.startswith("via "):
                link = definition.fields.get(word[4:].strip())
                if link is None or not link.targets:
                    self.faults.add(
                        "E213",
                        item,
                        f'"{word}" goes through no link',
                        f"via names a link field of {definition.key}."
                        + did_you_mean(word[4:], [f.key for f in definition.live_fields() if f.targets]),
                    )
                    continue
            elif word not in known:
                self.faults.add(
                    "E213",
                    item,
                    f'There is no scope "{word}"',
                    f"Scopes are {', '.join(sorted(known))}, via <link>, true, or one declared under scopes:."
                    + did_you_mean(word, known),
                )
                continue
            found.append(word)
        return tuple(found)

    def _levels(self, said: Node | None, definition: EntityDef) -> tuple[dict[str, str], dict[str, Any]]:
        """Field levels; a map of conditions counts as its lowest level until a reader asks the conditions."""
        levels: dict[str, str] = {}
        conditions: dict[str, Any] = {}
        for name, node in said.items() if said is not None else ():
            held = definition.fields.get(name)
            if name != "*" and held is not None and held.retired:
                continue
            if name != "*" and held is None:
                self.faults.add(
                    "E211",
                    node.key,
                    f'There is no field "{name}" in {definition.key}',
                    'fields: gives a level to each field named, "*" to all others.'
                    + did_you_mean(name, [f.key for f in definition.live_fields()]),
                )
                continue
            if node.is_map:
                asked = [k for k, _ in node.items() if k in LEVELS]
                levels[name] = min(asked, key=LEVELS.index) if asked else "hidden"
                conditions[name] = node.plain()
            elif node.value in LEVELS:
                levels[name] = node.value
        return levels, conditions


def may_write(permissions: Mapping[str, Permission], field: str) -> bool:
    """Whether any role may write ``field`` when it creates a record."""
    return any(
        "create" in p.verbs and p.fields.get(field, p.fields.get("*", "write")) == "write" for p in permissions.values()
    )

"""The flow of an approval as it is kept with every instance: who is asked, in which order, and what the rules are.

The one rule: a running approval reads its own flow and never the declaration of today, so a change of definitions
touches only what is submitted afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from yuanke.kernel.text import Label

#: in ``after``: the step begins with the submission
START = "start"
_UNITS = {"min": 60, "h": 3600, "d": 86_400, "w": 604_800, "m": 2_592_000, "y": 31_536_000}
_LENGTH = re.compile(r"(\d+)(min|h|d|w|m|y)")


@dataclass(frozen=True)
class Step:
    """One stop of a flow. ``mode``: any (或签), all (会签) or sequence (依次) of those who are asked; ``needs``: how many
    must agree, a number or a share like ``60%``; ``after``: the steps that must be over, () = begins at once."""

    key: str
    label: Label
    by: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    mode: str = "any"
    needs: str | None = None
    when: str | None = None
    after: tuple[str, ...] = ()
    within: str | None = None
    calendar: str | None = None
    late: str = "remind"
    edit: tuple[str, ...] = ()
    until: str | None = None
    barred: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()

    def needed(self, people: int) -> int:
        """How many of ``people`` must agree."""
        if self.needs is None:
            return 1 if self.mode == "any" else people
        if self.needs.endswith("%"):
            share = Decimal(self.needs[:-1]) * people / 100
            return max(1, min(people, int(share.to_integral_value("ROUND_CEILING"))))
        return max(1, min(people, int(self.needs)))

    @property
    def time(self) -> timedelta | None:
        """How long it may take by the clock; not of one that counts working time."""
        return length_of(self.within)


@dataclass(frozen=True)
class Flow:
    """Steps in the order of their declaration, each only after steps above it, and the rules for all of them."""

    steps: tuple[Step, ...]
    when: str | None = None
    withdraw: str = "before_first"  # before_first | any_time | never
    same_person: str = "up"  # up | skip | allow
    repeat: str = "once"  # once | each
    missing: str = "admin"  # admin | skip | refuse
    reject_to: str = "start"  # start | previous
    resubmit: str = "start"  # start | continue
    barred: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    snapshot: tuple[str, ...] = ()
    amount: str | None = None
    rejected: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_key(self) -> Mapping[str, Step]:
        return {step.key: step for step in self.steps}

    def before(self, key: str) -> tuple[str, ...]:
        """Every step that must be over before ``key`` begins, in order."""
        found: set[str] = set()
        waiting = list(self.by_key[key].after)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.by_key[one].after
        return tuple(step.key for step in self.steps if step.key in found)

    def behind(self, key: str) -> frozenset[str]:
        """Every step that can only begin when ``key`` is over."""
        return frozenset(step.key for step in self.steps if key in self.before(step.key))


def settle(said: Mapping[str, Any], labels: Mapping[str, Label]) -> dict[str, Any]:
    """The checked declaration ``approval:`` as plain JSON, with the labels of its steps in both languages."""
    kept = {key: value for key, value in said.items() if key != "steps"}
    steps = {}
    for key, body in said["steps"].items():
        label = labels.get(key)
        steps[key] = {**body, "label": [label.zh, label.en] if label else [str(body.get("label") or key), key]}
    return {**kept, "steps": steps, "order": list(steps)}


def read(kept: Mapping[str, Any]) -> Flow:
    """The flow that `settle` kept."""
    steps: list[Step] = []
    for key in kept["order"]:
        steps.append(_step(key, kept["steps"][key], steps[-1].key if steps else None))
    rules = {
        key: str(kept[key])
        for key in ("when", "withdraw", "same_person", "repeat", "missing", "reject_to", "resubmit", "amount")
        if kept.get(key) is not None
    }
    return Flow(
        tuple(steps),
        barred=_words(kept.get("not")),
        cc=_words(kept.get("cc")),
        snapshot=_words(kept.get("snapshot")),
        rejected=kept.get("rejected") or {},
        **rules,
    )


def _step(key: str, said: Mapping[str, Any], above: str | None) -> Step:
    after = _words(said["after"]) if said.get("after") is not None else (above,) if above else ()
    texts = {
        word: str(said[word])
        for word in ("mode", "needs", "when", "within", "calendar", "late", "until")
        if said.get(word) is not None
    }
    return Step(
        key,
        Label(*said["label"]),
        by=_words(said.get("by")),
        roles=_words(said.get("role")),
        after=tuple(word for word in after if word and word != START),
        edit=_words(said.get("edit")),
        barred=_words(said.get("not")),
        cc=_words(said.get("cc")),
        **texts,
    )


def _words(said: Any) -> tuple[str, ...]:
    if said is None:
        return ()
    return tuple(str(word) for word in said) if isinstance(said, (list, tuple)) else (str(said),)


def length_of(said: str | None) -> timedelta | None:
    """``2d`` as a length of time; a month counts 30 days, a year 365."""
    found = _LENGTH.fullmatch(said or "")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None

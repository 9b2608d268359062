"""What one run is told: which automation, on which record, what happened, who set it off.

The one rule: it travels as JSON in the job, so that a run after the commit knows what the transaction knew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.sessions import USER
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Field
from yuanke.records.environment import StoredValues
from yuanke.storage import Unit
from yuanke.workflow.acts import acts
from yuanke.workflow.automations import keeping
from yuanke.workflow.automations.causes import link
from yuanke.workflow.automations.declared import Automation, find
from yuanke.workflow.locks import lock_all
from yuanke.workflow.names import ActNames


@dataclass(frozen=True)
class Told:
    """``old``: values before the save, of the fields it changed; ``more``: what ``event`` knows besides its name;
    ``met``: its condition was asked when it was set off, and is not asked again."""

    automation: Automation
    record: int | None
    event: str
    me: int | None = None
    old: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    chain: Sequence[str] = ()
    met: bool = False

    @property
    def link(self) -> str:
        return link(self.automation.address, self.record)

    def arguments(self) -> dict[str, Any]:
        """As the job carries it."""
        return {
            "automation": self.automation.address, "record": self.record, "event": self.event, "me": self.me,
            "old": None if self.old is None else keeping.kept(self.old), "asked": keeping.kept(self.asked),
            "more": keeping.kept(self.more), "chain": list(self.chain), "met": self.met,
        }  # fmt: skip

    @classmethod
    def of(cls, unit: Unit, arguments: Mapping[str, Any]) -> Told:
        """Raises RecordNotFound when the automation is no more."""
        old = arguments["old"]
        return cls(
            find(unit.registry, arguments["automation"]), arguments["record"], arguments["event"], arguments["me"],
            None if old is None else keeping.said(old), keeping.said(arguments["asked"]), keeping.said(arguments["more"]),
            arguments["chain"], arguments["met"],
        )  # fmt: skip

    @property
    def asks(self) -> Mapping[str, Field]:
        """The fields of what was sent, or of what was answered to the act it comes after."""
        heard = acts(self.automation.entity).get(self.event)
        return self.automation.ask or (heard.ask if heard is not None else {})

    def actor(self, unit: Unit) -> Actor:
        """The engine, for the person who set it off: he may have left since, his name stays for the log."""
        row = unit.execute(sa.select(USER).where(USER.c.id == self.me)).first() if self.me is not None else None
        slug = unit.enterprise.slug
        if row is None:
            return Actor(slug, None, door="job", engine=True)
        return Actor(
            slug, self.me, row.username, row.name or row.username, department_id=row.department, door="job", engine=True
        )

    def names(self, unit: Unit, lock: bool = True) -> ActNames:
        """The names of its expressions, locks taken and ``let`` evaluated; ``record`` is None when it is gone."""
        automation = self.automation
        event = {"name": self.event, "at": clock.now(), "moved": None, "reason": None, "batch": None, **self.more}
        names = ActNames(
            unit, self.actor(unit), automation.entity, self.record, asked=self.asked, event=event, asks=self.asks
        )
        if self.old is not None and names.record is not None:
            names.old = StoredValues(unit, automation.entity, {**names.record.row, **self.old})
        if self.record is None or names.record is not None:
            if lock:
                lock_all(names, automation.said.get("lock") or ())
            for key, source in (automation.said.get("let") or {}).items():
                names.own[key] = names.value(str(source))
        return names

"""Who acts, and in which enterprise. Both are arguments; nothing works without them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Door = Literal["screen", "api", "import", "command", "job"]
#: the built-in role that may do everything inside its enterprise
ADMIN = "admin"


@dataclass(frozen=True)
class Enterprise:
    """One rented or self-hosted company: an entry of the directory, never a business row.

    ``place`` is a SQLite path or a PostgreSQL schema; ``licences`` None = unlimited; ``expires`` None = for ever.
    """

    slug: str
    label: str
    place: str
    licences: int | None = None
    expires: date | None = None
    state: str = "active"  # active | suspended
    logo: str | None = None


@dataclass(frozen=True)
class Actor:
    """A person, program or the engine itself, acting in one enterprise through one door.

    ``engine=True`` marks steps the engine does on behalf of an authorised trigger: rights were asked before.
    ``roles`` are role keys of the Registry; the built-in ``admin`` may do everything inside its enterprise.
    """

    enterprise: str
    user_id: int | None
    username: str = ""
    name: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    department_id: int | None = None
    locale: str = "zh"
    kind: str = "full"  # full | readonly | interface
    door: Door = "api"
    engine: bool = False

    @property
    def is_admin(self) -> bool:
        return self.engine or ADMIN in self.roles

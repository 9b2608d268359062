"""A unit of work: one request, command or job; one enterprise, one connection, one transaction.

The one rule: the outermost caller commits; inside, everybody shares `Unit.connection`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Enterprise
from yuanke.metadata.registry import Registry
from yuanke.storage.tables import Tables

if TYPE_CHECKING:
    from yuanke.storage.files import Files
    from yuanke.storage.installation import Installation


class Unit:
    """Given by `Installation.unit`. ``head`` is the row read when the unit began (versions, perhaps the user)."""

    def __init__(
        self,
        installation: Installation,
        enterprise: Enterprise,
        connection: sa.Connection,
        writing: bool,
        head: Any,
        registry: Registry,
        settings: Mapping[str, Any],
        unfilled: frozenset[tuple[str, str]] = frozenset(),
        serial: int = 0,
    ) -> None:
        self.installation = installation
        self.enterprise = enterprise
        self.connection = connection
        self.writing = writing
        self.head = head
        self.registry = registry
        self.settings = settings
        self.unfilled = unfilled  # (entity, field) of stored formulas whose column is still being filled: compute them
        self.serial = serial  # one number for each loading of metadata and settings; 0 = nothing is to be remembered
        self._later: list[Callable[[], None]] = []
        self.kept: dict[Any, Any] = {}  # what services remember for the length of this unit (grants, look-ups)

    @cached_property
    def tables(self) -> Tables:
        return self.installation.tables(self.registry)

    @cached_property
    def place(self) -> Place:
        return self.installation.place(self.settings)

    @cached_property
    def files(self) -> Files:
        from yuanke.storage.files import Files

        return Files(self)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def execute(self, statement: Any, parameters: Any = None) -> sa.CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(statement, parameters)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that may fail alone: when the block raises, what it wrote is taken back, and so is what it left for after
        the commit and what services remembered meanwhile. The exception goes on."""
        kept, later = dict(self.kept), len(self._later)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._later[later:]
            self.kept.clear()
            self.kept.update({k: v for k, v in kept.items() if not (isinstance(k, tuple) and k[0] == "rows")})
            raise

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once the transaction stands; never when it is rolled back."""
        self._later.append(action)

    def committed(self) -> None:
        later, self._later = self._later, []
        for action in later:
            action()

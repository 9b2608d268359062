"""The doors through which an upper layer or a plugin is called: pluggy specs, and the manager that knows who answers.

Built-ins come through the same doors (`yuanke.app.plugins` registers them). A hook that refuses raises a `Refusal`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pluggy

PROJECT = "yuanke"
spec = pluggy.HookspecMarker(PROJECT)
impl = pluggy.HookimplMarker(PROJECT)


class Specs:
    """Every hook of the platform; `docs/plugins.md` has a heading for each and a test compares them."""

    @spec
    def field_types(self) -> list[Any]:  # type: ignore[empty-body]
        """Field types (`yuanke.fieldtypes.FieldType` instances) that modules may name."""

    @spec
    def expression_functions(self) -> list[Any]:  # type: ignore[empty-body]
        """Functions (`yuanke.expressions.Function`) that expressions may call."""

    @spec
    def module_paths(self) -> list[str]:  # type: ignore[empty-body]
        """Paths of YAML module files that a plugin brings."""

    @spec
    def before_save(self, save: Any) -> None:
        """Called inside the transaction before validation; may change ``save.values`` or raise a Refusal.

        ``save`` is `yuanke.records.Save`: entity, actor, unit, verb (create | update | delete | restore), old, values.
        """

    @spec
    def after_save(self, save: Any) -> None:
        """Called inside the transaction after the row, its history and its index are written."""

    @spec
    def after_act(self, act: Any, unit: Any, actor: Any, record: int, asked: Any) -> None:
        """Called inside the transaction after a transition or action happened.

        ``act`` is `yuanke.workflow.Act` (``act.entity``, ``act.key``, ``act.kind``); ``asked`` are its typed answers.
        """

    @spec
    def step_functions(self) -> dict[str, Any]:  # type: ignore[empty-body]
        """Functions that the step ``call`` may name: ``{name: callable(unit, actor, record, **given) -> result}``."""

    @spec
    def after_verb(self, unit: Any, actor: Any, entity: Any, verb: str, record: int, event: Any) -> None:
        """Called inside the transaction after a record was merged, transferred or shared (``verb``), once a record.

        ``event`` is what expressions read as ``event``: ``name``, ``moved``, ``reason``, ``batch``, ``at``, and what the
        verb knows besides (``to``, ``was``, ``lost``).
        """

    @spec
    def after_change_set(self, unit: Any, actor: Any, change_set: Any) -> None:
        """Called inside the transaction when all of a bulk operation is written: ``change_set`` is a
        `yuanke.records.undoing.ChangeSet` with ``kind``, ``id`` and ``events``, one ``(entity, record, event)`` for each
        call of `after_verb`."""

    @spec
    def after_undo(self, unit: Any, actor: Any, change_set: Any, undone: Any) -> None:
        """Called inside the transaction after a change set was undone: ``change_set`` is its row, ``undone`` what became
        of it (`yuanke.records.undoing.Undone`)."""

    @spec
    def job_kinds(self) -> dict[str, Any]:  # type: ignore[empty-body]
        """Kinds of background jobs: ``{kind: callable(unit, actor, arguments, progress) -> result}`` for one short
        transaction, or a `yuanke.jobs.LongJob` for work of many."""

    @spec
    def message_channels(self) -> list[Any]:  # type: ignore[empty-body]
        """Ways to people beside mail (`yuanke.messages.Channel`): robots of chat groups and the like."""

    @spec
    def samples(self, door: Any) -> None:
        """Fill an enterprise with sample data through ``door`` (`yuanke.records.Records`), for ``--samples`` and the demo."""

    @spec
    def sample_companies(self) -> list[Any]:  # type: ignore[empty-body]
        """Whole companies to try the product on (`yuanke.records.samples.SampleCompany`), chosen by name with
        ``--company``: their people are hired, then each tells its story."""

    @spec
    def commands(self) -> list[Any]:  # type: ignore[empty-body]
        """click commands that join the ``yuanke`` command line."""


@cache
def hooks() -> pluggy.PluginManager:
    """The process-wide manager; `yuanke.app.plugins.load` fills it once."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specs)
    return manager

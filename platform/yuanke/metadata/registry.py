"""The compiled metadata: frozen, resolved, cannot be wrong. Shared between enterprises by digest.

`EntityDef` is what somebody declared; `Entity` is what the engine runs on. Nothing here knows a database or a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yuanke.expressions import Expression
from yuanke.fieldtypes import FieldType
from yuanke.kernel.text import Label

#: columns that every record has without declaring them, in the order of storage
SYSTEM_FIELDS = (
    "id",
    "owner",
    "department",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "version",
    "deleted_at",
)


@dataclass(frozen=True, eq=False)
class Option:
    """A choice: its key is stored, its label shown; ``values`` are values of its own (``stage.probability``)."""

    key: str
    label: Label
    color: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    void: bool = False
    retired: bool = False
    when: Expression | None = None


@dataclass(frozen=True, eq=False)
class Field:
    """One field of an entity. ``source`` says where its value comes from:

    ``typed`` a person or program writes it (perhaps over a formula: ``formula`` + ``editable``);
    ``stored`` a formula over the own record, its rows and options, recomputed in the save;
    ``rollup`` an aggregate over inverse links, kept on this record, moved by the other side's save;
    ``computed`` a formula computed in the SELECT, never stored; ``system`` the engine writes it.
    """

    entity: str
    key: str
    type: FieldType
    label: Label
    source: str = "typed"
    help: Label | None = None
    required: bool = False
    unique: tuple[str, ...] | None = None  # () = alone; ("parent",) = together with parent
    default: Any = None  # a plain value or an Expression
    editable: bool | str | Expression = True  # False, "new", or a condition
    visible_when: Expression | None = None
    required_when: Expression | None = None
    valid_when: Expression | None = None
    message: str | None = None  # of valid_when
    min: Any = None
    max: Any = None
    length: int | None = None
    pattern: str | None = None
    scale: int | None = None
    index: bool = False
    searchable: bool = False
    sensitive: bool | str = False
    masked: bool | Expression = False
    options: Mapping[str, Option] | None = None
    multiple: bool = False
    targets: tuple[str, ...] = ()  # entities of link, links
    inverse: str | None = None  # name of the collection on the target
    on_delete: str = "refuse"  # refuse | empty | cascade
    filter: Expression | None = None
    rows: str | None = None  # entity key of owned rows (field type rows)
    pairs: str | None = None  # entity key of the pair table (field type links)
    formula: Expression | None = None
    frozen_when: Expression | None = None  # live until it holds, then kept in the column
    custom: bool = False  # set by a customization or the enterprise, not by a module
    retired: bool = False  # column kept, field hidden everywhere
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_column(self) -> bool:
        return self.type.stored and (self.source != "computed" or self.frozen_when is not None)


@dataclass(frozen=True, eq=False)
class Inverse:
    """A collection that an entity has because another one links to it."""

    name: str
    entity: str  # whose records it holds
    field: str  # their link field
    label: Label
    through_pairs: bool = False  # the link is of type links


@dataclass(frozen=True, eq=False)
class NumberRule:
    """``format`` with places ``{year} {month} {day} {date} {seq:4}``, field paths; ``label`` of field ``number``."""

    format: str
    label: Label


@dataclass(frozen=True, eq=False)
class Permission:
    """What one role may do with an entity: each verb maps to scope names (None: not at all; ``("all",)``)."""

    role: str
    verbs: Mapping[str, tuple[str, ...]]  # create read update delete export import, and named actions
    fields: Mapping[str, str] = field(default_factory=dict)  # field or "*" -> hidden | masked | reveal | read | write
    deny: frozenset[str] = frozenset()
    more: Mapping[str, Any] = field(default_factory=dict)  # limit, report, and field levels that ask conditions


@dataclass(frozen=True)
class DuplicateRule:
    """How two records are told to be the same thing: all of ``match`` equal in their normal forms.

    ``also``: (entity, field) of other kinds of records whose field is compared with the first of ``match``; ``similar`` is a
    field that is alike by ``over`` per cent (found by a job, told nowhere else); ``refuse``: saving is refused, not only told.
    """

    name: str
    match: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    similar: str | None = None
    over: int = 85
    refuse: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """A way to look at an entity. ``kind``: list, form, kanban, calendar; ``body`` is its checked declaration."""

    name: str
    kind: str
    label: Label
    body: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Entity:
    """A kind of record, with everything the engine needs to know about it.

    ``kind``: ``record`` (own list and page), ``rows`` (owned and carried by ``parent``), ``pair`` (of a many-to-many).
    """

    key: str
    module: str
    label: Label
    plural: Label
    fields: Mapping[str, Field]  # system fields, then declared ones in order; rows: id, <parent>, position first
    kind: str = "record"
    icon: str = "file"
    help: Label | None = None
    title: str = "id"  # field that names a record to people
    number: NumberRule | None = None
    features: Mapping[str, Any] = field(default_factory=dict)
    unique: tuple[tuple[str, ...], ...] = ()
    duplicates: tuple[DuplicateRule, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    tree: str | None = None
    parent: tuple[str, str] | None = (
        None  # rows: (owner's entity, owner's field); the link back is a field of this entity
    )
    parent_link: str | None = None  # rows: the field that points to the owner
    inverses: Mapping[str, Inverse] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    scopes: Mapping[str, Expression] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    compute_order: tuple[str, ...] = ()  # stored formulas, sources first
    #: the same for the whole document: ("" or the rows field, field), so that rows and record may feed one another
    compute_plan: tuple[tuple[str, str], ...] = ()
    rollups: tuple[tuple[str, str], ...] = ()  # (holder entity, holder field) that a save here may move
    #: (holder entity, holder field, names that lead from a record here to its holders: links up, collections down)
    rollup_paths: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    workflow: Mapping[str, Any] | None = None
    #: what transitions and actions ask: act -> name -> field (one of the entity's own, or a field of the act)
    asks: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    #: what people read of transitions and actions: ``win`` (its label), ``win.help``, ``win.confirm``, and of its steps
    #: of approval ``win.approval.manager``
    act_labels: Mapping[str, Label] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    locked_when: Expression | None = None
    system: bool = False
    digest: str = ""  # of its definition; equal digests may share compiled things between enterprises
    more: Mapping[str, Any] = field(default_factory=dict)

    def field(self, key: str) -> Field | None:
        return self.fields.get(key)

    def live_fields(self) -> tuple[Field, ...]:
        """Fields that people and programs may meet: all but the retired ones, whose columns are only kept."""
        return tuple(f for f in self.fields.values() if not f.retired)


@dataclass(frozen=True, eq=False)
class Module:
    key: str
    label: Label
    version: str
    icon: str
    depends: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Registry:
    """Everything declared for one enterprise, resolved."""

    digest: str
    modules: Mapping[str, Module]
    entities: Mapping[str, Entity]
    settings: Mapping[str, Field]
    roles: Mapping[str, Label]
    menu: tuple[Mapping[str, Any], ...] = ()
    ledgers: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)
    dashboards: Mapping[str, Any] = field(default_factory=dict)
    prints: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def entity(self, key: str) -> Entity | None:
        return self.entities.get(key)

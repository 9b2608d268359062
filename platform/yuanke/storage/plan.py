"""What a change of definitions would do to an enterprise, said before anything is done.

The one rule: `apply` runs the steps of a plan and nothing else, and a plan is worth something only as long as neither
the enterprise's definitions nor its tables moved: that is what its digest is for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from yuanke.kernel.text import Message
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.registry import Registry
from yuanke.metadata.uses import Use
from yuanke.storage.definitions import as_written
from yuanke.storage.unit import Unit

Speed = Literal["safe", "slow", "destructive"]
#: what becomes of values that an earlier field of the same name left behind
Decision = Literal["restore", "fresh"]


@dataclass(frozen=True)
class Step:
    """One thing a plan does.

    ``sql`` are the statements that `apply` runs for it, in the transaction; ``rows`` how many rows it concerns;
    ``samples`` a few of the values or records in question; ``blocked`` why the plan cannot be applied as it is;
    ``about`` the option it speaks of, or the earlier name of a field; ``used`` where what it takes away or changes is named: formulas, views, reports, flows (`yuanke.metadata.uses`);
    ``work`` what Python has to do: ``{"do": "convert" | "fill_default" | "move_option" | "fill" | "index" | ...}``.
    """

    kind: str
    summary: Message
    entity: str = ""
    field: str = ""
    speed: Speed = "safe"
    tables: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    rows: int = 0
    samples: tuple[str, ...] = ()
    blocked: Message | None = None
    work: Mapping[str, Any] | None = None
    later: bool = False
    about: str = ""
    used: tuple[Use, ...] = ()

    @property
    def mark(self) -> str:
        """What makes two plans the same plan: not the number of rows, which may grow meanwhile."""
        return "|".join((self.kind, self.entity, self.field, self.summary.text, *self.sql))


@dataclass(frozen=True)
class Plan:
    """``version`` is the meta_version it was made at; ``before`` and ``after`` the two Registries; ``retold``: a layer
    says what it said in other words (comments of a file), which is kept too."""

    version: int
    layers: tuple[Layer, ...]
    before: Registry
    after: Registry
    steps: tuple[Step, ...]
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    retold: bool = False

    @property
    def digest(self) -> str:
        said = [
            str(self.version),
            self.before.digest,
            *(layer.digest for layer in self.layers),
            *(s.mark for s in self.steps),
        ]
        said += [f"{key}={value}" for key, value in sorted(self.decisions.items())]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    @property
    def blocked(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.blocked is not None)

    @property
    def speed(self) -> Speed:
        """The most serious of its steps."""
        speeds = {step.speed for step in self.steps}
        return "destructive" if "destructive" in speeds else "slow" if "slow" in speeds else "safe"

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps) or self.before.digest != self.after.digest or self.retold


def plan(unit: Unit, layers: Sequence[Layer], decisions: Mapping[str, Decision] | None = None) -> Plan:
    """Compare the running Registry and the live database with what ``layers`` want; wrong ones: DefinitionError.

    ``decisions`` maps ``entity.field`` (or ``entity``) to ``restore`` or ``fresh`` where values of an earlier one lie; ``*``
    speaks for all others.
    """
    from yuanke.storage import declared, tablesteps
    from yuanke.storage.comparison import Comparison
    from yuanke.storage.usage import with_uses

    chosen = dict(decisions or {})
    after = compile_layers(list(layers))
    at = Comparison(unit, layers, after, chosen)
    wanted = as_written(layers, at.running_layers)
    steps = with_uses(at, [*tablesteps.steps(at), *declared.steps(at)])
    retold = [(x.digest, x.text) for x in wanted] != [(x.digest, x.text) for x in at.running_layers]
    return Plan(unit.head.meta_version, wanted, unit.registry, after, tuple(steps), chosen, retold)

"""A field without metadata: to try a type on, in the docs and in the tests of types that plugins bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yuanke.kernel.text import Label


@dataclass(frozen=True)
class SampleOption:
    """An option as compiled metadata holds it."""

    label: Label
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleField:
    """Fulfils `FieldSpec`; ``more`` holds the keys that only the type knows."""

    key: str = "field"
    label: Label = field(default_factory=lambda: Label("字段", "Field"))
    required: bool = False
    multiple: bool = False
    length: int | None = None
    pattern: str | None = None
    scale: int | None = None
    min: Any = None
    max: Any = None
    options: Mapping[str, Any] | None = None
    targets: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

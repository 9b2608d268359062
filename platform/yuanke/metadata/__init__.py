"""Metadata: reader -> layers -> definitions -> compiler -> an immutable Registry that remembers who set each value."""

from yuanke.kernel.diagnostics import DefinitionError, Diagnostic, Span
from yuanke.metadata.compiler import check_layers, compile_layers, system_layers
from yuanke.metadata.layer import Layer
from yuanke.metadata.registry import (
    SYSTEM_FIELDS,
    Entity,
    Field,
    Inverse,
    Module,
    NumberRule,
    Option,
    Permission,
    Registry,
    View,
)

__all__ = [
    "SYSTEM_FIELDS",
    "DefinitionError",
    "Diagnostic",
    "Entity",
    "Field",
    "Inverse",
    "Layer",
    "Module",
    "NumberRule",
    "Option",
    "Permission",
    "Registry",
    "Span",
    "View",
    "check_layers",
    "compile_layers",
    "system_layers",
]

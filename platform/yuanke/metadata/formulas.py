"""Expressions of the metadata: compiled once, with every fault told at its own character.

Rule: an expression that is wrong counts as absent afterwards, so that one fault is told once.
"""

from __future__ import annotations

from yuanke.expressions import Expression, ExpressionFault
from yuanke.expressions import compile as compile_expression
from yuanke.expressions.scope import Kind
from yuanke.kernel.diagnostics import Span
from yuanke.metadata.faults import Faults
from yuanke.metadata.model import FieldDef, Model
from yuanke.metadata.node import Node
from yuanke.metadata.scope import ANY, RecordScope

#: kinds of values that a field without a type gets its type from
TYPE_OF_KIND = {
    "text": "text",
    "number": "number",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "duration": "duration",
    "json": "json",
}


def is_expression(node: Node) -> bool:
    """Whether ``node`` says an expression where a value could stand: text that begins with ``=``."""
    return isinstance(node.value, str) and node.value.startswith("=")


class Formulas:
    def __init__(self, model: Model, faults: Faults) -> None:
        self.model, self.faults = model, faults
        self._formulas: dict[tuple[str, str], tuple[Expression | None, set[str]]] = {}
        self._open: list[tuple[str, str]] = []
        model.kind_of_formula = self._kind

    def compile(
        self,
        node: Node | None,
        scope: RecordScope,
        expect: str | Kind | None = None,
        *,
        sql: bool = False,
        group: bool = False,
    ) -> Expression | None:
        """The expression of ``node`` (a leading ``=`` is skipped), or None when it is absent or wrong (told).

        ``sql``: it runs in the database, one without SQL is a fault. ``group``: it speaks of a group of a report.
        """
        if node is None or isinstance(node.value, (dict, list)) or node.value is None:
            return None
        source = node.value if isinstance(node.value, str) else _literal(node)
        skipped = len(source) - len(source.removeprefix("=").lstrip())
        try:
            made = compile_expression(source[skipped:].rstrip(), scope, expect=expect, group=group)
        except ExpressionFault as fault:
            if self.model.incomplete:
                return None  # the name may be declared in the module that is missing
            place = self._place(node, fault.start + skipped)
            self.faults.add("E401", place, fault.summary, fault.detail, said=fault.told)
            return None
        if sql and not made.has_sql:
            detail = (
                "It is asked of many records at once. Use functions that have SQL, or a field that keeps the value."
            )
            self.faults.add("E404", node, "This expression cannot run in the database", detail)
        return made

    def _place(self, node: Node, offset: int) -> Span:
        """The character of the file that stands ``offset`` characters into the text of ``node``."""
        line, written = self.faults.line(node.span), str(node.raw if node.raw is not None else node.value)
        begin = line.find(written, max(node.span.column - 1, 0)) if line else -1
        return Span(node.span.file, node.span.line, begin + 1 + offset) if begin >= 0 else node.span

    def of_field(self, found: FieldDef) -> Expression | None:
        """The compiled formula of a field."""
        reused = self.model.reused.get(found.entity)
        if reused is not None and found.key in reused[0].fields:
            self.model.note_all(reused[1])
            return reused[0].fields[found.key].formula
        key = (found.entity, found.key)
        if key not in self._formulas:
            if key in self._open:
                return None
            self._open.append(key)
            self.model.traces.append({found.entity})
            try:
                made = self.compile(found.formula, self.scope_of_field(found), self._expected(found))
            finally:
                self._open.pop()
                trace = self.model.traces.pop()
            self._formulas[key] = (made, trace)
        made, trace = self._formulas[key]
        self.model.note_all(trace)
        return made

    def scope_of_field(self, found: FieldDef) -> RecordScope:
        """Names of the expressions of one field."""
        return RecordScope(self.model, found.entity)

    def _expected(self, found: FieldDef) -> Kind | None:
        """The kind of a field's value; None when it follows from the formula."""
        return None if found.type is None or not found.type_name else self.model.kind_of_field(found)

    def _kind(self, found: FieldDef) -> Kind:
        made = self.of_field(found)
        return made.kind if made is not None else ANY


def _literal(node: Node) -> str:
    if isinstance(node.value, bool):
        return "True" if node.value else "False"
    return node.raw if node.raw is not None else str(node.value)

"""One parse, two runs: an expression on a record in Python, on a table in SQL, with the same answer."""

from yuanke.expressions.expression import Expression, compile
from yuanke.expressions.faults import ExpressionFailed, ExpressionFault, failed_in_sql
from yuanke.expressions.functions import Function, catalogue
from yuanke.expressions.running import deal_out, needs_dealing
from yuanke.expressions.scope import Kind, Scope, SqlCollection, SqlScope

__all__ = [
    "Expression",
    "ExpressionFailed",
    "ExpressionFault",
    "Function",
    "Kind",
    "Scope",
    "SqlCollection",
    "SqlScope",
    "catalogue",
    "compile",
    "deal_out",
    "failed_in_sql",
    "needs_dealing",
]

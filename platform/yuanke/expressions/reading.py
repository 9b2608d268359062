"""From text to Python's syntax tree, on a whitelist. The one rule: what is not named here cannot be written."""

from __future__ import annotations

import ast

from yuanke.expressions.faults import ExpressionFault
from yuanke.expressions.spelling import Text, spelled
from yuanke.kernel.text import Label

MOST_CHARACTERS = 4_000
MOST_NODES = 300
MOST_LEVELS = 50
UNREADABLE = Label("表达式读不懂", "The expression cannot be read.")

_ALLOWED = (
    *(ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.IfExp, ast.Name, ast.Constant, ast.List, ast.Tuple),
    *(ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.Load, ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.In, ast.NotIn, ast.Is, ast.IsNot),
)
_INSTEAD = {
    "Pow": Label("没有乘方，请写成连乘", "There is no power; write the multiplication out."),
    "FloorDiv": Label("请写 floor(a / b)", "Write floor(a / b)."),
    "JoinedStr": Label("连接文字请写 concat(a, b)", "Join texts with concat(a, b)."),
    "Lambda": Label("请直接写表达式", "Write the expression itself."),
    "Slice": Label("请写 left(text, n) 或 right(text, n)", "Write left(text, n) or right(text, n)."),
    "Starred": Label("请把值逐个写出来", "Write the values out."),
}


class Source(Text):
    """One source text, and where in it a node of its tree stands."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._ascii = source.isascii()

    def span(self, node: ast.AST) -> tuple[int, int]:
        return self._offset(node.col_offset), self._offset(node.end_col_offset)  # type: ignore[attr-defined]

    def _offset(self, column: int) -> int:
        """Python counts bytes; people count characters."""
        if not self._ascii:
            column = len(self.tidy.encode()[:column].decode(errors="ignore"))
        return column + self.skipped

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def fault(self, node: ast.AST, summary: Label, detail: Label) -> ExpressionFault:
        return ExpressionFault(summary, detail, *self.span(node))


def read(source: str) -> tuple[ast.expr, Source]:
    """The syntax tree of ``source``; raises ExpressionFault."""
    if not isinstance(source, str):
        found = type(source).__name__
        raise ExpressionFault(
            Label("表达式应是一段文字", "An expression is a text."),
            Label(f"收到的是 {found}，请加引号", f"Found {found}; quote it."),
            0,
            0,
        )
    if len(source) > MOST_CHARACTERS:
        raise ExpressionFault(
            Label("表达式太长", "The expression is too long."),
            Label(
                f"有 {len(source)} 个字符，最多 {MOST_CHARACTERS} 个",
                f"{len(source)} characters; the most is {MOST_CHARACTERS}.",
            ),
            0,
            len(source),
        )
    text = Source(source)
    if not text.tidy:
        raise ExpressionFault(
            Label("表达式是空的", "The expression is empty."),
            Label("请写一个，或去掉这一项", "Write one, or leave the key out."),
            0,
            0,
        )
    try:
        tree = ast.parse(spelled(text), mode="eval").body
    except SyntaxError as error:
        raise _unreadable(text, error) from None
    except (ValueError, RecursionError, MemoryError) as error:
        detail = Label(
            f"嵌套太深，或有不允许的字符（{error}）",
            f"It is nested too deeply or holds a forbidden character ({error}).",
        )
        raise ExpressionFault(UNREADABLE, detail, 0, len(source)) from None
    _limit(tree, text)
    return tree, text


def _unreadable(text: Source, error: SyntaxError) -> ExpressionFault:
    most = len(text.source)
    start = min(max((error.offset or 1) - 1, 0) + text.skipped, most)
    end = (error.end_offset or 0) - 1 + text.skipped if error.end_lineno in (None, 1) else start + 1
    said = f"{error.msg[:1].upper()}{error.msg[1:]}."
    detail = Label(f"请检查括号、引号和运算符（{error.msg}）", said)
    return ExpressionFault(UNREADABLE, detail, start, min(max(end, start + 1), most))


def _limit(tree: ast.expr, text: Source) -> None:
    """Only allowed syntax, at most `MOST_NODES` nodes, at most `MOST_LEVELS` levels."""
    level: list[ast.AST] = [tree]
    nodes = levels = 0
    while level:
        levels += 1
        nodes += sum(isinstance(node, ast.expr) for node in level)
        for node in level:
            if not isinstance(node, _ALLOWED):
                name = type(node).__name__
                detail = _INSTEAD.get(name) or Label(f"不能使用 {name}", f"{name} is not allowed.")
                place = node if hasattr(node, "col_offset") else tree
                raise text.fault(
                    place, Label("表达式里没有这种写法", "This syntax has no meaning in an expression."), detail
                )
        if nodes > MOST_NODES:
            detail = Label(
                f"超过 {MOST_NODES} 个部分，请把一些放进单独的字段",
                f"More than {MOST_NODES} parts: put some of them into fields of their own.",
            )
            raise text.fault(tree, Label("表达式太大", "The expression is too large."), detail)
        if levels > MOST_LEVELS:
            detail = Label(
                f"最多 {MOST_LEVELS} 层，请把一部分放进单独的字段",
                f"At most {MOST_LEVELS} levels: put a part into a field of its own.",
            )
            raise text.fault(tree, Label("表达式嵌套太深", "The expression is nested too deeply."), detail)
        level = [child for node in level for child in ast.iter_child_nodes(node)]

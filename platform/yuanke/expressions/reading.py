"""From text to Python's syntax tree, on a whitelist. The one rule: what is not named here cannot be written.

Own checks come before Python's parser: they are what people really type wrong (a full-width comma, `=` for `==`, `AND`).
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata

from yuanke.expressions.faults import ExpressionFault

MOST_CHARACTERS = 4_000
MOST_NODES = 300
MOST_LEVELS = 50
#: stands for ``if`` where it is called like a function: Python could not parse that
IF_CALLED = "_f"

_TOKENS = re.compile(r"""(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>\.?\d[\w.]*)|(?P<name>[^\W\d]\w*)|(?P<sign>==|!=|<=|>=|<>|&&|\|\||:=|[^\s])""", re.S)
_WIDE = {
    "（": "(", "）": ")", "，": ",", "。": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "：": ":", "＝": "==", "！": "!=", "＞": ">", "＜": "<",
    "＋": "+", "－": "-", "＊": "*", "×": "*", "／": "/", "÷": "/", "％": "%", "【": "[", "】": "]", "［": "[", "］": "]", "；": ",", "、": ",", "≥": ">=",
    "≤": "<=", "≠": "!=", "《": "<", "》": ">", "．": ".", "＂": '"', "＇": "'", "—": "-", "–": "-",
}  # fmt: skip
_SPELLED = {"&&": "and", "||": "or", "!": "not", "<>": "!=", ":=": "==", "&": "and", "|": "or", "^": None, "~": "not"}
_WORDS_OF_OURS = {"and", "or", "not", "if", "else", "in", "is", "None", "True", "False"}
_BEFORE_OPERAND = {"", "(", "[", ",", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "=", "and", "or", "not", "if", "else", "in"}
_ALLOWED = (
    ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.IfExp, ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Call, ast.Attribute, ast.Subscript,
)  # fmt: skip
_ALLOWED_SIGNS = (
    ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
    ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.Load, ast.keyword,
)  # fmt: skip
_INSTEAD = {
    "Pow": "there is no power; write the multiplication out", "FloorDiv": "write floor(a / b)", "ListComp": "narrow a collection with brackets: sum(lines[gift].total)",
    "GeneratorExp": "narrow a collection with brackets: sum(lines[gift].total)", "JoinedStr": "join texts with concat(a, b)", "NamedExpr": "compare with ==",
    "BitAnd": "write and", "BitOr": "write or", "Lambda": "write the expression itself", "Slice": "write left(text, n) or right(text, n)",
    "Dict": "a map has no meaning here", "Set": "write a list: [a, b]", "Starred": "write the values out", "Invert": "write not",
}  # fmt: skip


class Text:
    """One source text, and where in it a node of its tree stands."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.skipped = len(source) - len(source.lstrip())
        self.tidy = re.sub(r"\s", " ", source).strip()
        self._ascii = source.isascii()

    def span(self, node: ast.AST) -> tuple[int, int]:
        return self._offset(node.col_offset), self._offset(node.end_col_offset)  # type: ignore[attr-defined]

    def _offset(self, column: int) -> int:
        if not self._ascii:
            column = len(self.tidy.encode()[:column].decode(errors="ignore"))
        return column + self.skipped

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def fault(self, node: ast.AST, summary: str, detail: str) -> ExpressionFault:
        return ExpressionFault(summary, detail, *self.span(node))


def read(source: str) -> tuple[ast.expr, Text]:
    """The syntax tree of ``source``; raises ExpressionFault."""
    if not isinstance(source, str):
        raise ExpressionFault("An expression is a text.", f"Found {type(source).__name__}; quote it.", 0, 0)
    if len(source) > MOST_CHARACTERS:
        raise ExpressionFault("The expression is too long.", f"{len(source)} characters; the most is {MOST_CHARACTERS}.", 0, len(source))
    text = Text(source)
    if not text.tidy:
        raise ExpressionFault("The expression is empty.", "Write one, or leave the key out.", 0, 0)
    tidy = _scan(text)
    try:
        tree = ast.parse(tidy, mode="eval").body
    except SyntaxError as error:
        at = max((error.offset or 1) - 1, 0) + text.skipped
        end = max((error.end_offset or 0) - 1 + text.skipped, at + 1) if error.end_lineno in (None, 1) else at + 1
        raise ExpressionFault("The expression cannot be read.", f"{error.msg[:1].upper()}{error.msg[1:]}.", min(at, len(source)), min(end, len(source))) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionFault("The expression cannot be read.", f"It is nested too deeply or holds a forbidden character ({error}).", 0, len(source)) from None
    _limit(tree, text)
    return tree, text


def _limit(tree: ast.expr, text: Text) -> None:
    """Only allowed syntax, at most `MOST_NODES` nodes, at most `MOST_LEVELS` levels."""
    level: list[ast.AST] = [tree]
    nodes = levels = 0
    while level:
        levels += 1
        nodes += sum(isinstance(node, ast.expr) for node in level)
        for node in level:
            if not isinstance(node, _ALLOWED) and not isinstance(node, _ALLOWED_SIGNS):
                name = type(node).__name__
                place = node if hasattr(node, "col_offset") else tree
                raise text.fault(place, "This syntax has no meaning in an expression.", f"{_INSTEAD.get(name, name + ' is not allowed')[:1].upper()}{_INSTEAD.get(name, name + ' is not allowed')[1:]}.")
        if nodes > MOST_NODES:
            raise text.fault(tree, "The expression is too large.", f"More than {MOST_NODES} parts: put some of them into fields of their own.")
        if levels > MOST_LEVELS:
            raise text.fault(level[0] if hasattr(level[0], "col_offset") else tree, "The expression is nested too deeply.", f"At most {MOST_LEVELS} levels: put a part into a field of its own.")
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def _scan(text: Text) -> str:
    """Find what people type wrong; give the text back with ``if(`` made readable for Python."""
    tidy = text.tidy
    before, depth = "", 0
    renamed: list[int] = []
    calls: list[bool] = []  # for each open bracket: may ``name=`` stand in it?
    last_kind, tokens = "", list(_TOKENS.finditer(tidy))
    for index, match in enumerate(tokens):
        word, at, kind = match.group(), match.start(), match.lastgroup or ""
        if kind == "name":
            _check_name(text, word, at, before)
            following = tokens[index + 1].group() if index + 1 < len(tokens) else ""
            if word == "if" and following == "(" and before in _BEFORE_OPERAND:
                renamed.append(at)
                word, kind = IF_CALLED, "name"
        elif kind == "number":
            _check_number(text, word, at)
        elif kind == "sign":
            if word in "([":
                calls.append(word == "(" and last_kind == "name" and before not in _BEFORE_OPERAND)
                depth += 1
            elif word in ")]" and calls:
                calls.pop()
            _check_sign(text, word, at, before, last_kind, bool(calls) and calls[-1])
        before, last_kind = word, kind
    for at in renamed:
        tidy = tidy[:at] + IF_CALLED + tidy[at + 2 :]
    return tidy


def _check_name(text: Text, word: str, at: int, before: str) -> None:
    at += text.skipped
    if word.startswith("_"):
        raise ExpressionFault(f'"{word}" is not a name.', "Names begin with a letter.", at, at + len(word))
    if word.upper() in ("AND", "OR", "NOT", "IN") and word.lower() != word and not word[0].islower():
        raise ExpressionFault(f"{word} is written small.", f"Write {word.lower()}.", at, at + len(word))
    if word != unicodedata.normalize("NFKC", word) and unicodedata.normalize("NFKC", word).isascii():
        raise ExpressionFault(f'"{word}" is typed in full-width letters.', f"Write {unicodedata.normalize('NFKC', word)}.", at, at + len(word))
    if keyword.iskeyword(word):
        wrong_place = word in ("and", "or", "in", "is", "else") and before in _BEFORE_OPERAND - {"not"} or word == "if" and before in ("==", "!=")
        if word not in _WORDS_OF_OURS or wrong_place or before == ".":
            raise ExpressionFault(
                f'"{word}" is a word of the language itself.', f"As an option write it quoted: '{word}'. Fields cannot be called so.", at, at + len(word)
            )  # fmt: skip


def _check_number(text: Text, word: str, at: int) -> None:
    at += text.skipped
    if not word.isascii():
        raise ExpressionFault(f'"{word}" is typed in full-width digits.', f"Write {unicodedata.normalize('NFKC', word)}.", at, at + len(word))
    if not re.fullmatch(r"\d+(_\d+)*(\.\d+)?|\.\d+", word):
        raise ExpressionFault(f'"{word}" is not a number.', "Write digits with at most one point, like 1200.50.", at, at + len(word))
    if len(word) > 40:
        raise ExpressionFault("The number is too long.", "At most 40 digits.", at, at + len(word))


def _check_sign(text: Text, word: str, at: int, before: str, last_kind: str, in_call: bool) -> None:
    at += text.skipped
    if word in _WIDE:
        raise ExpressionFault(f"{word} is a full-width sign.", f"Switch the input method to half-width and write {_WIDE[word]}.", at, at + len(word))
    if word == "=" and not (in_call and last_kind == "name"):
        raise ExpressionFault("= does not compare.", "Write == to compare two values.", at, at + 1)
    if word in _SPELLED:
        instead = _SPELLED[word]
        raise ExpressionFault(f"{word} is not an operator here.", f"Write {instead}." if instead else "There is no such operation.", at, at + len(word))
    if word in ("'", '"'):
        raise ExpressionFault("The text in quotes does not end.", f"Close it with {word}.", at, len(text.source))
    if word in "#;\\$?@`{}" or not word.isprintable():
        raise ExpressionFault(f"{word!r} has no meaning in an expression.", "Leave it out; a text stands in quotes.", at, at + len(word))
    if not word.isascii():
        raise ExpressionFault(f'"{word}" has no meaning in an expression.', "Text stands in quotes.", at, at + len(word))

"""What people really type wrong, found before Python's parser: a full-width comma, ``=`` for ``==``, ``AND``.

The one rule: whatever is refused here is told with the sign or word that should stand there.
"""

from __future__ import annotations

import keyword
import re
import unicodedata

from yuanke.expressions.faults import ExpressionFault
from yuanke.kernel.text import Label

#: stands for ``if`` where it is called like a function: Python could not parse that
IF_CALLED = "_f"

_TOKENS = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>\.?\d[\w.]*)|(?P<name>[^\W\d]\w*)|(?P<sign>==|!=|<=|>=|<>|&&|\|\||:=|[^\s])""",
    re.S,
)
#: full-width signs (and look-alikes) with what is meant, in pairs
_WIDE = dict(
    zip(
        "（），。“”‘’＞＜＋－＊×／÷％【】［］；、《》．＂＇—–",
        "(),.\"\"''><+-**//%[][],,<>.\"'--",
    )
) | {"：": ":", "＝": "==", "！": "!=", "≥": ">=", "≤": "<=", "≠": "!="}
_PLAIN_NUMBER = re.compile(r"\d+(_\d+)*(\.\d+)?|\.\d+")
_SPELLED = {"&&": "and", "||": "or", "!": "not", "<>": "!=", ":=": "==", "&": "and", "|": "or", "^": None, "~": "not"}
_WORDS_OF_OURS = {"and", "or", "not", "if", "else", "in", "is", "None", "True", "False"}
#: behind these an operand begins
_BEFORE_OPERAND = {"", *"([,+-*/%<>=", "==", "!=", "<=", ">=", "and", "or", "not", "if", "else", "in"}


Wrong = tuple[Label, Label] | None  # summary and detail of a fault at the word


class Text:
    """One source text; ``tidy`` is what is parsed, ``skipped`` the blanks before it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.skipped = len(source) - len(source.lstrip())
        self.tidy = re.sub(r"\s", " ", source).strip()


def spelled(text: Text) -> str:
    """Find what people type wrong; give the text back with ``if(`` made readable for Python. Raises ExpressionFault."""
    tidy, before, kind_before = text.tidy, "", ""
    calls: list[bool] = []  # for each open bracket: may ``name=`` stand in it?
    renamed: list[int] = []
    for match in _TOKENS.finditer(tidy):
        word, at, kind = match.group(), match.start(), match.lastgroup or ""
        wrong: Wrong = None
        if kind == "name":
            wrong = _name(word, before)
            if word == "if" and before in _BEFORE_OPERAND and tidy[match.end() :].lstrip()[:1] == "(":
                renamed.append(at)
                word = IF_CALLED
        elif kind == "number":
            wrong = _number(word)
        elif kind == "sign":
            if word in "([":
                calls.append(word == "(" and kind_before == "name" and before not in _BEFORE_OPERAND)
            elif word in ")]" and calls:
                calls.pop()
            wrong = _sign(word, named=kind_before == "name" and bool(calls) and calls[-1])
        if wrong is not None:
            end = len(tidy) if word in ("'", '"') else match.end()
            raise ExpressionFault(*wrong, at + text.skipped, end + text.skipped)
        before, kind_before = word, kind
    for at in renamed:
        tidy = tidy[:at] + IF_CALLED + tidy[at + 2 :]
    return tidy


def _write(instead: str) -> Label:
    return Label(f"请写 {instead}", f"Write {instead}.")


def _name(word: str, before: str) -> Wrong:
    if word.startswith("_"):
        return Label(f"“{word}”不是名称", f'"{word}" is not a name.'), Label(
            "名称以字母开头", "Names begin with a letter."
        )
    if word in ("AND", "OR", "NOT", "IN", "And", "Or", "Not"):
        return Label(f"{word} 要小写", f"{word} is written small."), _write(word.lower())
    if not word.isascii() and (narrow := unicodedata.normalize("NFKC", word)) != word and narrow.isascii():
        return Label(f"“{word}”是全角字母", f'"{word}" is typed in full-width letters.'), _write(narrow)
    if not keyword.iskeyword(word):
        return None
    if word == "for":
        return Label("没有循环", "There are no loops."), Label(
            "用方括号选取集合中的一部分：sum(lines[gift].total)",
            "Narrow a collection with brackets: sum(lines[gift].total).",
        )
    operator = word in ("and", "or", "in", "is", "else") and before in _BEFORE_OPERAND - {"not"}
    if word not in _WORDS_OF_OURS or operator or before == "." or (word == "if" and before in ("==", "!=")):
        detail = Label(
            f"作为选项请加引号：'{word}'；字段不能用这个名称",
            f"As an option write it quoted: '{word}'. Fields cannot be called so.",
        )
        return Label(f"“{word}”是表达式自己的词", f'"{word}" is a word of the language itself.'), detail
    return None


def _number(word: str) -> Wrong:
    if not word.isascii():
        narrow = unicodedata.normalize("NFKC", word)
        return Label(f"“{word}”是全角数字", f'"{word}" is typed in full-width digits.'), _write(narrow)
    if not _PLAIN_NUMBER.fullmatch(word):
        return Label(f"“{word}”不是数字", f'"{word}" is not a number.'), Label(
            "只写数字和最多一个小数点，例如 1200.50", "Write digits with at most one point, like 1200.50."
        )
    if len(word) > 40:
        return Label("数字太长", "The number is too long."), Label("最多 40 位", "At most 40 digits.")
    return None


def _sign(word: str, named: bool) -> Wrong:
    """``named``: behind a word in the brackets of a call, where ``=`` gives a named value."""
    if word in _WIDE:
        instead = _WIDE[word]
        return Label(f"{word} 是全角符号", f"{word} is a full-width sign."), Label(
            f"请把输入法切换到半角，写 {instead}", f"Switch the input method to half-width and write {instead}."
        )
    if word == "=":
        if named:
            return None
        return Label("= 不是比较", "= does not compare."), Label("比较两个值请写 ==", "Write == to compare two values.")
    if word in _SPELLED:
        spelt = _SPELLED[word]
        none = Label("没有这种运算", "There is no such operation.")
        said = Label(f"{word} 不是这里的运算符", f"{word} is not an operator here.")
        return said, _write(spelt) if spelt else none
    if word in ("'", '"'):
        return Label("引号里的文字没有结束", "The text in quotes does not end."), Label(
            f"请用 {word} 结束", f"Close it with {word}."
        )
    if word in "#;\\$?@`{}" or not word.isprintable() or not word.isascii():
        return Label(f"{word!r} 在表达式里没有意义", f"{word!r} has no meaning in an expression."), Label(
            "请去掉；文字要加引号", "Leave it out; a text stands in quotes."
        )
    return None

"""What people really type wrong, found before Python's parser: a full-width comma, ``=`` for ``==``, ``AND``.

The one rule: whatever is refused here is told with the sign or word that should stand there.
"""

from __future__ import annotations

import keyword
import re
import unicodedata

from yuanke.expressions.faults import ExpressionFault

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


Wrong = tuple[str, str] | None  # summary and detail of a fault at the word


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


def _name(word: str, before: str) -> Wrong:
    if word.startswith("_"):
        return f'"{word}" is not a name.', "Names begin with a letter."
    if word in ("AND", "OR", "NOT", "IN", "And", "Or", "Not"):
        return f"{word} is written small.", f"Write {word.lower()}."
    if not word.isascii() and (narrow := unicodedata.normalize("NFKC", word)) != word and narrow.isascii():
        return f'"{word}" is typed in full-width letters.', f"Write {narrow}."
    if not keyword.iskeyword(word):
        return None
    if word == "for":
        return "There are no loops.", "Narrow a collection with brackets: sum(lines[gift].total)."
    operator = word in ("and", "or", "in", "is", "else") and before in _BEFORE_OPERAND - {"not"}
    if word not in _WORDS_OF_OURS or operator or before == "." or (word == "if" and before in ("==", "!=")):
        detail = f"As an option write it quoted: '{word}'. Fields cannot be called so."
        return f'"{word}" is a word of the language itself.', detail
    return None


def _number(word: str) -> Wrong:
    if not word.isascii():
        return f'"{word}" is typed in full-width digits.', f"Write {unicodedata.normalize('NFKC', word)}."
    if not _PLAIN_NUMBER.fullmatch(word):
        return f'"{word}" is not a number.', "Write digits with at most one point, like 1200.50."
    return ("The number is too long.", "At most 40 digits.") if len(word) > 40 else None


def _sign(word: str, named: bool) -> Wrong:
    """``named``: behind a word in the brackets of a call, where ``=`` gives a named value."""
    if word in _WIDE:
        return f"{word} is a full-width sign.", f"Switch the input method to half-width and write {_WIDE[word]}."
    if word == "=":
        return None if named else ("= does not compare.", "Write == to compare two values.")
    if word in _SPELLED:
        instead = _SPELLED[word]
        return f"{word} is not an operator here.", f"Write {instead}." if instead else "There is no such operation."
    if word in ("'", '"'):
        return "The text in quotes does not end.", f"Close it with {word}."
    if word in "#;\\$?@`{}" or not word.isprintable() or not word.isascii():
        return f"{word!r} has no meaning in an expression.", "Leave it out; a text stands in quotes."
    return None

"""Text to search tokens: substring search for Chinese and Latin alike, and by the initials of the pinyin.

The one rule: `tokens_of` and `query_of` cut alike, so what was typed is found wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 2_000
_runs = re.compile(r"[^\W_]+")
_han = re.compile(r"[㐀-䶿一-鿿]")


def fold(text: str) -> str:
    """Width and case folded: ``ＡＢc`` and ``abC`` are found alike."""
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=50_000)
def initials(text: str) -> str:
    """``北京某信息`` -> ``bjmxx``: first letters of the pinyin, other letters and digits kept, '' without Chinese."""
    if not _han.search(text):
        return ""
    from pypinyin import Style, lazy_pinyin

    return "".join(_runs.findall("".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default")))).casefold()


def searchable(text: str) -> str:
    """What is kept beside the tokens, for checking a match: the folded text, a line end, its initials."""
    folded = fold(text[:LONGEST])
    return f"{folded}\n{initials(folded)}" if _han.search(folded) else folded


def tokens_of(text: str) -> list[str]:
    """Two neighbouring characters each, in order, and the last one alone (so that it is found by itself)."""
    found: list[str] = []
    for run in _runs.findall(text):
        found.extend(run[i : i + 2] for i in range(len(run) - 1))
        found.append(run[-1])
    return found


def words_of(query: str) -> list[str]:
    """The runs of letters, digits and Chinese that a query consists of, at most eight."""
    return _runs.findall(fold(query[:100]))[:8]


def phrase_of(word: str) -> list[str]:
    """Tokens that must stand side by side for ``word`` to be a substring."""
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]

"""Text to search tokens: substring search for Chinese and Latin alike, and by the initials of the pinyin.

The one rule: `tokens_of` and `query_of` cut alike, so what was typed is found wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

LONGEST = 2_000
FIRST_HAN = 0x3400  # the first character of `initials.txt`
_runs = re.compile(r"[^\W_]+")
_han = re.compile(r"[㐀-䶿一-鿿]")


def fold(text: str) -> str:
    """Width and case folded: ``ＡＢc`` and ``abC`` are found alike."""
    return unicodedata.normalize("NFKC", text).casefold()


def initials(text: str) -> str:
    """``北京某信息`` -> ``bjmxx``: first letters of the pinyin, other letters and digits kept, '' without Chinese."""
    if not _han.search(text):
        return ""
    letters, phrases, beginnings = _pinyin()
    said: list[str] = []
    at = 0
    for found in beginnings.finditer(text):
        start = found.start()
        if start < at:
            continue
        for phrase, reading in phrases[found.group()]:
            if text.startswith(phrase, start):
                said += (text[at:start].translate(letters), reading)
                at = start + len(phrase)
                break
    said.append(text[at:].translate(letters))
    return "".join(_runs.findall("".join(said))).casefold()


@cache
def _pinyin() -> tuple[dict[int, str], dict[str, list[tuple[str, str]]], re.Pattern[str]]:
    """Letters by character; by first character the phrases read unlike their characters (重庆), longest first.

    A table of 60 kB instead of a dictionary of all readings: that takes 56 MB of each server and 0.1 ms a name.
    """
    line, *odd = (Path(__file__).parent / "initials.txt").read_text(encoding="utf-8").splitlines()
    letters = {code: letter for code, letter in enumerate(line, FIRST_HAN) if letter != "."}
    letters[ord("〇")] = "l"
    phrases: dict[str, list[tuple[str, str]]] = {}
    for phrase, reading in sorted((entry.split(" ") for entry in odd), key=lambda pair: -len(pair[0])):
        phrases.setdefault(phrase[0], []).append((phrase, reading))
    return letters, phrases, re.compile("[" + "".join(phrases) + "]")


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

"""Makes `yuanke/records/initials.txt` from pypinyin: ``python tests/records/pinyin_table.py`` writes it anew.

The one rule: the table says what pypinyin says, for every character and for every phrase that is read unlike its characters.
"""

from __future__ import annotations

from pathlib import Path

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

FIRST, LAST = 0x3400, 0x9FFF
TABLE = Path(__file__).parents[2] / "platform" / "yuanke" / "records" / "initials.txt"


def read_by_pypinyin(text: str) -> str:
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default"))


def table() -> str:
    letters = {chr(code): read_by_pypinyin(chr(code)) for code in range(FIRST, LAST + 1)}
    line = "".join(said if len(said) == 1 and said.isascii() else "." for said in letters.values())
    odd = []
    for phrase in PHRASES_DICT:
        said = read_by_pypinyin(phrase)
        if said != "".join(letters.get(one, one) for one in phrase) and len(said) == len(phrase) and said.isascii():
            odd.append(f"{phrase} {said}")
    return "\n".join([line, *sorted(odd)]) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")

"""Initials of the pinyin: the table that is kept agrees with the dictionary it was made of."""

from __future__ import annotations

import random

from yuanke.records.tokens import initials

from tests.records import pinyin_table


def test_the_table_says_what_the_dictionary_says() -> None:
    assert pinyin_table.TABLE.read_text(encoding="utf-8") == pinyin_table.table()


def test_phrases_are_read_as_phrases() -> None:
    assert initials("重庆长安汽车") == "cqcaqc"
    assert initials("中国银行重庆分行") == "zgyhcqfh"
    assert initials("北京 ABC-42 公司") == "bjabc42gs"
    assert initials("ABC") == ""


def test_names_of_companies_read_like_the_dictionary() -> None:
    """Where two phrases overlap the short table may cut otherwise: at most one name in a hundred."""
    chance = random.Random(1)
    phrases = sorted(pinyin_table.PHRASES_DICT)
    names = ["".join(chance.sample(phrases, 3)) for _ in range(300)]
    wrong = [name for name in names if initials(name) != pinyin_table.read_by_pypinyin(name).replace("，", "")]
    assert len(wrong) <= 3, wrong

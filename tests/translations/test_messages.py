"""A sentence is said in one language, with everything that stands in it."""

from __future__ import annotations

import pytest
from yuanke.jobs import words
from yuanke.kernel.catalogue import translator
from yuanke.kernel.text import Label, Message, label_of_key, listed, message

ENGLISH = translator("en")
CUSTOMER = Label("客户", "Customer")


def test_labels_inside_a_sentence_are_said_in_its_language() -> None:
    said = message("没有找到{entity}“{text}”", entity=CUSTOMER, text="Acme")
    assert said.say() == "没有找到客户“Acme”"
    assert said.say(ENGLISH) == "Customer “Acme” was not found"


def test_several_things_are_listed_in_the_language_of_the_sentence() -> None:
    said = message("还缺少文件：{names}", names=("a.csv", CUSTOMER, message("是")))
    assert said.say() == "还缺少文件：a.csv、客户、是"
    assert said.say(ENGLISH) == "Files are still missing: a.csv, Customer, Yes"
    assert listed(["a", "b"], ENGLISH) == "a, b"


def test_a_value_is_never_taken_for_a_place() -> None:
    assert message("{field}：{fault}", field="{fault}", fault="x").say() == "{fault}：x"
    assert message("{field}：{fault}", fault="x").say() == "{field}：x"


def test_a_kept_sentence_is_read_in_either_language() -> None:
    said = message(
        "还有 {named} 引用这条{entity}，不能删除",
        entity=CUSTOMER,
        named=[message("{entity} {count} 条", entity=CUSTOMER, count=2)],
    )
    again = words.said(words.kept(said))
    assert isinstance(again, Message)
    assert again.say() == said.say() == "还有 客户 2 条 引用这条客户，不能删除"
    assert again.say(ENGLISH) == said.say(ENGLISH) == "Still used by Customer (2): this Customer cannot be deleted"


def test_an_unknown_language_is_chinese() -> None:
    assert message("是").say(translator("xx")) == "是"
    assert message("是").say(translator("en_GB")) == "Yes"


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("close_date", "Close date"),
        ("id", "ID"),
        ("api_key", "API key"),
        ("webhook", "Webhook"),
        ("基本信息", "基本信息"),
        ("", ""),
    ],
)
def test_a_key_that_nobody_translated_is_made_readable(key: str, label: str) -> None:
    assert label_of_key(key) == label

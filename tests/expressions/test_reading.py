"""Faults: what was found, where, and what to do."""

from __future__ import annotations

import re

import pytest
from yuanke.expressions import ExpressionFault, Kind, compile

from tests.expressions.world import World


def fault(source: str, **wanted: object) -> ExpressionFault:
    with pytest.raises(ExpressionFault) as caught:
        compile(source, World(), **wanted)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("source", "pointed", "said"),
    [
        ("amuont * 2", "amuont", 'Did you mean "amount"?'),
        ("customer.nmae", "customer.nmae", 'Did you mean "name"?'),
        ("rond(amount)", "rond", 'Did you mean "round"?'),
        ("stage == wno", "wno", 'Did you mean "won"?'),
        ("stage == 'wno'", "'wno'", 'Did you mean "won"?'),
        ("stage in [won, wno]", "wno", "Options are new, won, lost."),
        ("stage.probabilty", "stage.probabilty", 'Did you mean "probability"?'),
        ("amount = 2", "=", "Write =="),
        ("count(lines[kind = a])", "=", "Write =="),
        ("count(stage = won)", "won", "Write == to compare"),
        ("first(lines, bye=price)", "price", "by="),
        ("amount <> 2", "<>", "Write !="),
        ("hot && hot", "&&", "Write and"),
        ("!hot", "!", "Write not"),
        ("hot AND hot", "AND", "Write and"),
        ("stage == in", "in", "quoted: 'in'"),
        ("stage == class", "class", "quoted: 'class'"),
        ("amount.class", "class", "Fields cannot be called so"),
        ("round（amount, 2)", "（", "half-width and write (."),
        ("round(amount，2)", "，", "write ,"),
        ("name == “x”", "“", 'write "'),
        ("amount ≥ 3", "≥", "write >="),
        ("amount × 3", "×", "write *"),
        ("amount > １０", "１０", "Write 10"),
        ("ａmount > 1", "ａmount", "Write amount"),
        ("amount > 1e5", "1e5", "Write digits"),
        ("amount # 2", "#", "Leave it out"),
        ("name == 'x", "'x", "Close it with '"),
        ("amount > 'x'", "amount > 'x'", "without quotes"),
        ("name > 5", "name > 5", "A text is compared with a number"),
        ("name * 2", "name", "Convert it with number"),
        ("name + amount", "amount", "Convert it with text"),
        ("signed + 3", "signed + 3", "date + days(3)"),
        ("signed.year", "signed.year", "Write year(signed)"),
        ("amount.x", "amount.x", "Only links, collections and choices have parts"),
        ("owner == customer", "owner == customer", "They are never the same record"),
        ("owner > me", "owner", "no order"),
        ("stage > won", "stage", "stage.order"),
        ("colors == red", "colors == red", "value in field"),
        ("'ab' in name", "name", "contains(text, part)"),
        ("lines", "lines", "sum(lines)"),
        ("lines.total + 1", "lines.total", "many values"),
        ("sum(lines)", "lines", "sum(lines.amount)"),
        ("sum(amount)", "amount", "one value, not a collection"),
        ("sum(lines.total * members.age)", "members.age", "Aggregate each by itself"),
        ("sum(lines.total, lines.gift)", "lines.gift", "sum(lines.total[...])"),
        ("amount[hot]", "amount[hot]", "cannot be narrowed"),
        ("first(amount)", "amount", "takes a collection"),
        ("last(lines, limit=0)", "0", "From 1 to 1000"),
        ("round()", "round()", "round(number, number?)"),
        ("today", "today", "Write today()"),
        ("amount if customer else 1", "customer", "customer != null"),
        ("not lines", "lines", "exists(lines)"),
        ("hot and amount", "amount", "amount > 0"),
        ("amount if hot else name", "name", "Both must be of one kind"),
        ("amount < 2 < name", "amount < 2 < name", "A number is compared with a text"),
        ("1 < amount + 1 < 3", "amount + 1", "joined by and"),
        ("amount is 3", "amount is 3", "Write =="),
        ("bucket(amount, 3, 1)", "bucket(amount, 3, 1)", "must rise"),
        ("left(name, pieces)", "pieces", "left(name, 10)"),
        ("replace(name, code, 'x')", "code", "in quotes"),
        ("me.has_role(boss)", "me.has_role(boss)", "boss in me.roles"),
        ("upper(name).length", "upper(name).length", "first(...) and last(...) alone"),
        ("months(2)", "months(2)", "date + months(3)"),
        ("amount ** 2", "amount ** 2", "no power"),
        ("amount // 2", "amount // 2", "floor(a / b)"),
        ("[x for x in lines]", "for", "brackets"),
        ("f'{name}'", "f", "Leave it out"),
        ("sum(max(lines.total))", "lines.total", "inside another"),
        ("(1 + ", "(", "never closed"),
    ],
)
def test_a_fault_points_at_its_place_and_says_what_to_do(source: str, pointed: str, said: str) -> None:
    found = fault(source)
    if source.startswith("f'"):
        assert found.summary
        return
    assert source[found.start : found.end] == pointed, (source[found.start : found.end], str(found))
    assert said in f"{found.summary} {found.detail}", str(found)
    assert found.told.en == str(found) and not re.search("[A-Z][a-z]+ [a-z]+ [a-z]+", found.told.zh), found.told
    assert re.search("[\u4e00-\u9fff]", found.told.zh), found.told


def test_offsets_are_right_behind_chinese_text_blanks_and_line_breaks() -> None:
    source = "  name == '北京' and\n  amuont > 1"
    found = fault(source)
    assert source[found.start : found.end] == "amuont"


def test_what_is_wanted_is_checked_at_the_end() -> None:
    assert "A condition" in str(fault("amount", expect="bool")) or "not a condition" in str(
        fault("amount", expect="bool")
    )
    assert "a number is needed" in str(fault("name", expect="number")).lower()
    assert "never" not in str(fault("owner", expect=Kind("link", of="customer")))
    options = Kind("choice", options={"yes": {}, "no": {}})
    assert compile("yes if hot else no", World(), expect=options).evaluate({"hot": True}) == "yes"
    assert 'Did you mean "yes"?' in str(fault("yess if hot else no", expect=options))
    assert "not one of the options" in str(fault("stage", expect=options))


def test_an_empty_text_is_no_expression() -> None:
    assert "empty" in fault("   ").summary


def test_words_of_nothing_and_truth() -> None:
    for word in ("null", "None", "empty"):
        assert compile(f"customer == {word}", World()).evaluate({"customer": None}) is True
    assert compile("true and True", World()).evaluate({}) is True

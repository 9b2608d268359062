"""Random expressions by kind, and random rows with empty values everywhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any


class Grammar:
    """Writes expressions of a wanted kind, at most ``depth`` levels deep, over the deals of `world`."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    # -- leaves --------------------------------------------------------------------------------------------------------

    def number(self, depth: int, row: str = "deal") -> str:
        if depth <= 0 or self.random.random() < 0.25:
            if row == "line":
                return self.pick("lines.quantity", "lines.price", "lines.total", "2", "0.5", "amount")
            if row == "inline":
                return self.pick("quantity", "price", "total", "this.amount", "this.pieces", "1", "maker.credit")
            return self.pick(
                "amount",
                "price",
                "quantity",
                "rate",
                "pieces",
                "stage.probability",
                "stage.weight",
                "customer.credit",
                "owner.age",
                "settings.limit",
                "0",
                "1",
                "3",
                "7.25",
                "0.000001",
                "1000000",
                "null",
                "owner.boss.age",
            )
        inner = lambda: self.number(depth - 1, row)  # noqa: E731
        roll = self.random.randrange(22 if row == "deal" else 11)
        if roll < 6:
            return f"({inner()} {self.pick('+', '-', '*', '/', '%', '*', '/')} {inner()})"
        if roll == 6:
            return f"round({inner()}, {self.pick(0, 1, 2, 4, -2)})"
        if roll == 7:
            return f"{self.pick('floor', 'ceil', 'abs', 'round')}({inner()})"
        if roll == 8:
            return f"{self.pick('min', 'max', 'coalesce')}({inner()}, {inner()})"
        if roll == 9:
            return f"-{inner()}"
        if roll == 10:
            return f"({inner()} if {self.condition(depth - 1, row)} else {inner()})"
        return self._more_numbers(roll, depth)

    def _more_numbers(self, roll: int, depth: int) -> str:
        if roll < 14:
            name, field = (
                self.pick("sum", "avg", "min", "max", "median", "count"),
                self.pick("quantity", "price", "total"),
            )
            return f"{name}({self.rows()}.{field})"
        if roll == 14:
            return f"sum({self.number(depth - 1, 'line')} * lines.total)"
        if roll == 15:
            return f"count({self.rows()})"
        if roll == 16:
            name, by = self.pick("first", "last"), self.pick("price", "note", "made")
            return f"{name}({self.rows()}, by={by}).{self.pick('total', 'quantity')}"
        if roll == 17:
            return f"({self.day(depth - 1)} - {self.day(depth - 1)})"
        if roll == 18:
            return f"{self.pick('year', 'month', 'day', 'weekday', 'quarter')}({self.day(depth - 1)})"
        if roll == 19:
            return f"len({self.text(depth - 1)})"
        if roll == 20:
            return f"bucket({self.number(depth - 1)}, -1, 0, 2.5, 100)"
        return self.pick(
            f"number({self.text(depth - 1)})",
            f"hours_in({self.span(depth - 1)})",
            f"ceil({self.number(depth - 1)}, price)",
        )

    def rows(self) -> str:
        return f"lines[{self.condition(1, 'inline')}]" if self.random.random() < 0.5 else "lines"

    def text(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.pick(
                "name",
                "code",
                "customer.name",
                "owner.name",
                "'x'",
                "''",
                "'甲乙'",
                "stage.word",
                "settings.word",
                "null",
            )
        inner = lambda: self.text(depth - 1)  # noqa: E731
        roll = self.random.randrange(12)
        if roll < 2:
            return f"({inner()} + {inner()})"
        if roll == 2:
            return f"{self.pick('upper', 'lower', 'trim')}({inner()})"
        if roll == 3:
            return f"concat({inner()}, {self.number(depth - 1)}, {self.day(depth - 1)})"
        if roll == 4:
            return f"replace({inner()}, {self.pick(repr('a'), repr('é'), repr(''))}, 'zz')"
        if roll == 5:
            return f"{self.pick('left', 'right')}({inner()}, {self.pick(0, 1, 2, 9)})"
        if roll == 6:
            return f"coalesce({inner()}, {inner()})"
        if roll == 7:
            return f"({inner()} if {self.condition(depth - 1)} else {inner()})"
        if roll == 8:
            return f"text({self.pick(self.number(depth - 1), self.day(depth - 1), 'made_at', 'stage', 'hot')})"
        if roll == 9:
            return f"{self.pick('min', 'max', 'names')}({self.rows()}.note)"
        if roll == 10:
            return f"{self.pick('min', 'max')}({inner()}, {inner()})"
        return f"{self.pick('first', 'last')}({self.rows()}.note, by=total)"

    def day(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.pick(
                "signed",
                "due",
                "settings.since",
                "today()",
                "date(made_at)",
                "date(2024, 2, 29)",
                "null",
                "date(done_at)",
            )
        inner = lambda: self.day(depth - 1)  # noqa: E731
        roll = self.random.randrange(10)
        if roll < 3:
            unit, count = self.pick("days", "weeks", "months", "years"), self.pick("1", "13", "pieces", "quantity")
            return f"({self._dated(inner())} {self.pick('+', '-')} {unit}({count}))"
        if roll == 3:
            edge = self.pick("month_start", "month_end", "quarter_start", "year_start", "year_end", "week_start")
            return f"{edge}({inner()})"
        if roll == 4:
            return f"add_months({inner()}, {self.number(depth - 1)})"
        if roll == 5:
            return f"{self.pick('coalesce', 'min', 'max')}({inner()}, {inner()})"
        if roll == 6:
            return f"({inner()} if {self.condition(depth - 1)} else {inner()})"
        if roll == 7:
            return f"{self.pick('min', 'max')}({self.rows()}.made)"
        if roll == 8:
            return f"date({self.pick('2023', 'pieces', '2024')}, {self.number(0)}, {self.number(0)})"
        return f"date({self.moment(depth - 1)})"

    def _dated(self, day: str) -> str:
        return "signed" if day == "null" else day

    def moment(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.4:
            return self.pick("made_at", "done_at", "now()", "made_at")
        inner = self.moment(depth - 1)
        unit, count = self.pick("hours", "minutes", "days", "months"), self.pick("1", "36", "pieces", "quantity")
        return self.pick(
            f"({inner} + {unit}({count}))",
            f"({inner} - {self.pick('days', 'years')}(2))",
            f"coalesce({inner}, {self.moment(depth - 1)})",
            f"max({inner}, done_at)",
        )

    def span(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("spent", "hours(pieces)", "minutes(90)")
        return self.pick(
            f"({self.moment(depth - 1)} - {self.moment(depth - 1)})",
            f"({self.span(depth - 1)} + spent)",
            "spent",
            "-spent",
        )

    # -- conditions ----------------------------------------------------------------------------------------------------

    def condition(self, depth: int, row: str = "deal") -> str:
        roll = self.random.random()
        if depth > 0 and roll < 0.25:
            return f"({self.condition(depth - 1, row)} {self.pick('and', 'or')} {self.condition(depth - 1, row)})"
        if depth > 0 and roll < 0.4:
            return f"not ({self.condition(depth - 1, row)})"
        order = self.pick("==", "!=", "<", "<=", ">", ">=")
        if row == "line":
            return f"{self.number(depth - 1, row)} {order} {self.number(0, row)}"
        if row == "inline":
            return self.pick(
                f"{self.number(0, row)} {order} {self.number(0, row)}",
                "gift",
                "not gift",
                "kind == a",
                "kind in [a, b]",
                "kind not in [c]",
                "kind != b",
                "note != null",
                "note == this.name",
                "made > this.signed",
                "maker == this.customer",
                "maker.level == a",
                "maker != null",
            )
        return self._of_deal(depth, order)

    def _of_deal(self, depth: int, order: str) -> str:
        same = self.pick("==", "!=")
        roll = self.random.randrange(20)
        if roll < 4:
            return f"{self.number(depth - 1)} {order} {self.number(depth - 1)}"
        if roll == 4:
            return f"{self.text(depth - 1)} {order} {self.text(depth - 1)}"
        if roll == 5:
            other = self.pick(self.day(depth - 1), "made_at", "'2024-01-31'")
            return f"{self._dated(self.day(depth - 1))} {order} {self._dated(other)}"
        if roll == 6:
            return f"{self.moment(depth - 1)} {order} {self.moment(depth - 1)}"
        if roll == 7:
            return f"{self.span(depth - 1)} {order} {self.span(depth - 1)}"
        return self.pick(
            f"stage {same} won",
            f"stage {same} before",
            f"stage {self.pick('in', 'not in')} [won, lost]",
            "stage not in [won, null]",
            "stage.closed",
            "not stage.open",
            f"hot {same} stage.closed",
            "hot",
            f"owner {same} me",
            f"owner {same} customer.keeper",
            "owner == null",
            f"customer {same} null",
            "red in colors",
            "blue not in colors",
            "empty(colors)",
            "colors != null",
            "me in members",
            "owner in members",
            "owner not in members",
            f"pieces {self.pick('in', 'not in')} [1, 2.5, null]",
            f"name {self.pick('in', 'not in')} ['x', code]",
            "customer.level in [a, b]",
            f"contains({self.text(depth - 1)}, {self.text(0)})",
            f"starts_with({self.text(depth - 1)}, 'a')",
            f"ends_with({self.text(depth - 1)}, {self.text(0)})",
            f"empty({self.text(depth - 1)})",
            f"filled({self.number(depth - 1)})",
            f"exists({self.rows()})",
            "empty(lines)",
            "customer in lines.maker",
            "exists(lines[maker == this.customer and total > this.amount])",
            "exists(lines.note)",
            "count(lines.gift) > 1",
            "1 < pieces <= 3",
            f"(hot == ({self.number(0)} > {self.number(0)}))",
            "settings.strict",
            "count(deal[owner == this.owner and id != this.id]) > 2",
            "boss in me.roles",
            "name in me.regions",
            "stage == null",
            "amount >= 1.005",
            "amount == 0.1",
            "amount > 100",
            "exists(members[age > 3])",
            f"if({self.pick('hot', 'stage == new')}, won, stage) == {self.pick('won', 'before')}",
            "coalesce(stage, new) == new",
        )


def rows(random: Random, count: int = 30) -> dict[str, list[dict[str, Any]]]:
    """``count`` deals with up to five lines each; about a fifth of all values are empty."""
    maybe = lambda *values: random.choice((None, *values)) if random.random() < 0.3 else random.choice(values)  # noqa: E731
    exact = lambda *texts: maybe(*map(Decimal, texts))  # noqa: E731
    word = lambda: maybe("", "a", "b", "ab", "Éa", " a甲 ", "Zz", "12.50", "-3", "北京")  # noqa: E731
    day = lambda: maybe(date(2024, 1, 31), date(2024, 2, 29), date(2023, 12, 31), date(2020, 5, 17), date(1999, 1, 1))  # noqa: E731
    moment = lambda: maybe(  # noqa: E731
        datetime(2024, 1, 31, 15, 59, 59, 999000, tzinfo=timezone.utc),
        datetime(2024, 1, 31, 16, tzinfo=timezone.utc),
        datetime(2023, 12, 31, 20, 30, 0, 1000, tzinfo=timezone.utc),
        datetime(2020, 2, 29, 1, tzinfo=timezone.utc),
    )
    users = [{"id": i, "name": word(), "age": maybe(0, 3, 40), "boss": maybe(1, 2)} for i in range(1, 5)]
    customers = [
        {
            "id": i,
            "name": word(),
            "credit": exact("0", "100", "99.99"),
            "level": maybe("a", "b", "c"),
            "keeper": maybe(1, 2, 3),
        }
        for i in range(1, 5)
    ]
    deals = [
        {
            "id": i,
            "amount": exact("0", "0.10", "99999999999999.99", "-12.34", "100", "1.01"),
            "price": exact("0", "3.3333", "-0.0001", "1"),
            "quantity": exact("0", "1", "2.5", "0.000001", "-7", "1000000"),
            "rate": exact("0", "13", "6.5", "100"),
            "pieces": maybe(0, 1, 2, 3, -4, 30),
            "name": word(),
            "code": word(),
            "stage": maybe("new", "won", "lost"),
            "before": maybe("new", "won"),
            "colors": maybe([], ["red"], ["red", "blue"]),
            "hot": maybe(True, False),
            "signed": day(),
            "due": day(),
            "made_at": moment(),
            "done_at": moment(),
            "spent": maybe(timedelta(0), timedelta(minutes=90), timedelta(minutes=-30)),
            "owner": maybe(1, 2, 3),
            "customer": maybe(1, 2, 3, 4),
        }
        for i in range(1, count + 1)
    ]
    lines = [
        {
            "id": i,
            "deal": random.randint(1, count),
            "position": i % 5,
            "quantity": exact("0", "1", "2.5", "-7", "0.333333"),
            "price": exact("0", "19.9999", "-1"),
            "total": exact("0", "0.05", "1000000.01", "-3"),
            "gift": maybe(True, False),
            "note": word(),
            "kind": maybe("a", "b", "c"),
            "made": day(),
            "maker": maybe(1, 2, 3),
        }
        for i in range(1, 2 * count)
    ]
    members = [{"id": i, "deal": random.randint(1, count), "user": random.randint(1, 4)} for i in range(1, count)]
    return {"deal": deals, "line": lines, "customer": customers, "user": users, "members": members}


VALUES: dict[str, Any] = {
    "settings": {
        "limit": Decimal("2.5"),
        "word": "ab",
        "since": date(2024, 2, 1),
        "strict": True,
        "timezone": "Asia/Shanghai",
    },
    "me": {"id": 2, "name": "乙", "roles": ["boss", "sales"], "department": 1, "regions": ["a", "北京"]},
}

"""What somebody with a log-in tries on the API: every attempt is answered below 500, quickly, and a refusal leaves no trace.

Tables of attempts; `Caller` itself holds that a refusal and a GET change nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from yuanke.fieldtypes import catalogue

from tests.everykind import NUMBERED, upload
from tests.served import Caller

#: seconds of processor time that an answer may take, on a machine shared with others
QUICK = 0.5


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def maker(ask: Callable[[str], Caller]) -> Iterator[Caller]:
    """The role that sees its own things, `secret` hidden and `f_color` read-only; afterwards the worker still answers."""
    caller = ask("maker")
    yield caller
    assert caller.get("/me").json["username"] == "maker"


def sent(caller: Caller, method: str, path: str, body: Any = None, **more: Any) -> Any:
    began = time.thread_time()
    answer = caller.call(method, path, body, **more)
    took = time.thread_time() - began
    assert answer.status_code < 500, (
        f"{method} {path[:200]} {str(body)[:200]}: {answer.status_code} {answer.text[:500]}"
    )
    assert took < QUICK, f"{method} {path[:200]} {str(body)[:100]}: {took:.2f} s"
    return answer


def raw(caller: Caller, method: str, path: str, text: str | bytes) -> Any:
    return sent(caller, method, path, data=text, content_type="application/json")


# -- hidden fields (23) ------------------------------------------------------------------------------------------------

BY_QUERY = (
    "/records/thing?fields=title,{name}",
    "/records/thing?sort={name}",
    "/records/thing?sort=-{name}",
    "/records/thing?filter={name} == 'hush'",
    "/records/thing?filter={name} is None",
    "/records/thing?filter=if_({name} == 'hush', true, false)",
    "/records/thing?filter=title == {name}",
    "/records/thing?filter=length({name}) > 0",
    "/records/thing/2?fields={name}",
    "/records/thing/lookup?q=x&filter={name} == 'hush'",
    "/records/tag/1/related/things?filter={name} == 'hush'",
    "/records/tag/1/related/things?sort={name}",
    "/records/tag/1/related/things?fields={name}",
    "/records/tag?filter=count(things[{name} == 'hush']) > 0",
    "/records/tag?filter=max(things.{name}) == 'hush'",
    "/records/tag?filter=sum(things.{name}) > 0",
)
BY_BODY = (
    ("POST", "/records/thing", {"title": "x", "{name}": "y"}),
    ("PATCH", "/records/thing/2", {"{name}": "y"}),
    ("PATCH", "/records/thing/2", {"{name}": None}),
    ("POST", "/records/thing/batch", {"update": [{"id": 2, "{name}": "y"}]}),
    ("POST", "/exports/thing", {"columns": ["{name}"]}),
    ("POST", "/exports/thing", {"filter": "{name} == 'hush'"}),
    ("POST", "/exports/thing", {"sort": ["{name}"]}),
    ("POST", "/imports/thing", {"file": 1, "mapping": {"columns": {"{name}": "title"}}}),
)


def named(shape: Any, name: str) -> Any:
    return json.loads(json.dumps(shape).replace("{name}", name))


def test_23_a_hidden_field_is_told_like_one_that_is_not_there(maker: Caller) -> None:
    for shape in BY_QUERY:
        hidden, absent = (sent(maker, "GET", shape.replace("{name}", name)) for name in ("secret", "sacred"))
        assert hidden.status_code == absent.status_code == 400, (shape, hidden.text, absent.text)
        assert hidden.text.replace("secret", "?") == absent.text.replace("sacred", "?"), shape
    for method, path, shape in BY_BODY:
        hidden, absent = (sent(maker, method, path, named(shape, name)) for name in ("secret", "sacred"))
        assert hidden.status_code == absent.status_code >= 400, (path, shape, hidden.text)
        assert hidden.text.replace("secret", "?") == absent.text.replace("sacred", "?"), shape


def test_23_what_is_hidden_is_nowhere(maker: Caller) -> None:
    for path in (
        "/records/thing", "/records/thing/2", "/records/thing/2/history", "/search?q=hush", "/records/thing?q=hush",
        "/metadata", "/metadata/thing", "/openapi.json", "/records/tag/1/related/things", "/records/tag/1?related=things",
        "/records/thing/lookup?q=hush",
    ):  # fmt: skip
        answer = sent(maker, "GET", path)
        assert answer.status_code == 200 and "hush" not in answer.text and '"secret"' not in answer.text, path
    for word in ("hush", "absent"):
        assert sent(maker, "GET", f"/records/thing?q={word}").json["result"] == []


# -- fields that are not the caller's to write (24, 15) -------------------------------------------------------------------

FOREIGN: tuple[tuple[str, Any], ...] = (
    ("id", 77), ("created_at", "2020-01-01T00:00:00Z"), ("created_by", 1), ("updated_at", "2020-01-01T00:00:00Z"),
    ("updated_by", 4), ("deleted_at", "2020-01-01T00:00:00Z"), ("number", "T-99999"), ("department", 1),
    ("double", "7.00"), ("fixed", "x"), ("tenant_id", 2), ("enterprise", "other"), ("enterprise_id", 2),
    ("__class__", "x"), ("_sa_instance_state", {}), ("rowid", 1), ("ctid", "(0,1)"), ("f_rows_id", 1),
)  # fmt: skip
ROWS: tuple[tuple[str, Any], ...] = (
    ("created_by", 1), ("created_at", "2020-01-01T00:00:00Z"), ("deleted_at", "2020-01-01T00:00:00Z"), ("thing", 1),
    ("updated_by", 4), ("parent", 1), ("owner", 1),
)  # fmt: skip


@pytest.mark.parametrize("who", ["maker", "root"])
def test_24_nobody_assigns_what_is_the_engines(ask: Callable[[str], Caller], who: str) -> None:
    caller = ask(who)
    before = caller.get("/records/thing/2").json
    for key, value in FOREIGN:
        for method, path, body in (
            ("POST", "/records/thing", {"title": "x", key: value}),
            ("PATCH", "/records/thing/2", {key: value}),
        ):
            answer = sent(caller, method, path, body)
            assert answer.status_code == 422, (method, key, answer.text)
            assert [one["field"] for one in answer.json["errors"]] == [key], answer.text
        each = sent(caller, "POST", "/records/thing/batch", {"create": [{"title": "x", key: value}], "atomic": False})
        assert each.json["result"][0]["status"] == "failed"
    for key, value in ROWS:
        for rows in ([{"what": "n", key: value}], [{"id": before["f_rows"][0]["id"], key: value}]):
            answer = sent(caller, "PATCH", "/records/thing/2", {"f_rows": rows})
            assert answer.status_code == 422, (rows, answer.text)
            assert [one["field"] for one in answer.json["errors"]] == [f"f_rows.0.{key}"]
    assert sent(caller, "POST", "/records/thing", {"title": "x", "version": 3}).status_code == 422
    if who == "maker":
        assert sent(caller, "PATCH", "/records/thing/2", {"f_color": "#000000"}).status_code == 422
    after = caller.get("/records/thing/2").json
    assert after == before


def test_24_what_is_sent_back_as_it_stands_is_no_assignment(maker: Caller) -> None:
    whole = maker.get("/records/thing/2").json
    rows = whole.pop("f_rows")
    answer = sent(maker, "PATCH", "/records/thing/2", {**whole, "f_rows": [{"id": rows[0]["id"], "what": "z"}]})
    assert answer.status_code == 200, answer.text
    assert answer.json["f_rows"][0]["what"] == "z"


# -- types swapped, numbers beyond, text that is none (25, 31, 61) ----------------------------------------------------------

SWAPPED = (
    "null", "true", "false", "0", "-0", "-0.0", "1", "-1", "1.5", "9007199254740993", "1" * 40, "-" + "9" * 59, "1e30", "1e59",
    "1E-59", '""', '" "', '"x"', '"１２"', '"1e999"', '"NaN"', '"Infinity"', '"-0"', '"0x1f"', '"1_000"', '"' + "9" * 5000 + '"',
    '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u202e\\u0007"', '"' + "\U0001f600" * 300 + '"', '"e\u0301\u0301"',
    '"' + "x" * 100_000 + '"', "[]", "[[]]", "[null]", "[1,2,3]", '["a","a"]', '[{"id":1}]', "{}", '{"id":null}', '{"id":1}', '{"id":[]}',
    '{"id":{}}', '{"id":true}', '{"id":1.5}', '{"id":"1"}', '{"id":9223372036854775808}', '{"a":{"b":{"c":1}}}', '{"$ne":null}',
    '{"add":[1]}', '{"add":{}}', '{"add":[1],"remove":[1],"set":[1]}', '{"entity":"tag","id":1}', '{"entity":"ab_user","id":1}',
    '{"entity":[],"id":{}}', '{"hidden":true}', '{"__proto__":1}', '{"deleted":true}', '{"":""}', '[{"id":1,"deleted":true}]',
    '[{"id":[]}]', '[{"id":{}}]', '[{"id":true}]', '[{"id":"1"}]', '[{"id":1},{"id":1}]', '[{"deleted":1}]', '"/../../etc/passwd"',
    '"javascript:alert(1)"', "\"'; DROP TABLE thing; --\"", '"{{7*7}}"', '"=cmd|calc"', '"2026-02-30"', '"9999-12-31T23:59:59Z"',
    '"0000-00-00"', '"24:00"', '"-1:00"', "[" * 50 + "]" * 50, '{"a":' * 50 + "1" + "}" * 50,
)  # fmt: skip


def test_25_whatever_stands_in_a_field_is_taken_or_told(maker: Caller) -> None:
    """Every value in all fields at once, which tells where it is wrong; then alone where it is not."""
    keys = [f"f_{name}" for name in sorted(catalogue()) if name not in NUMBERED]
    refused = dict.fromkeys(keys, 0)
    for value in SWAPPED:
        body = "{" + ", ".join(f'"{key}": {value}' for key in keys) + "}"
        answer = raw(maker, "PATCH", "/records/thing/2", body)
        assert answer.status_code == 422, "no value is one of every type"
        wrong = {one["field"].split(".")[0] for one in answer.json.get("errors", ()) if one["message"]}
        assert wrong <= {*keys, "double"}
        for key in keys:
            if key in wrong:
                refused[key] += 1
                continue
            alone = raw(maker, "PATCH", "/records/thing/2", f'{{"{key}": {value}}}')
            assert alone.status_code in (200, 422), (key, value, alone.text)
            if alone.status_code == 422:  # a formula that reads it may be what does not fit, a file may not be there
                assert {one["field"].split(".")[0] for one in alone.json["errors"]} <= {key, "double"}, alone.text
            else:
                assert sent(maker, "GET", "/records/thing/2").status_code == 200, (key, value)
    assert all(refused.values()), refused


UNREADABLE = (
    '{"title": NaN}', '{"title": Infinity}', '{"title": -Infinity}', '{"f_money": 1e999}', '{"f_money": -1e999}', '{"f_money": 1e-999}',
    '{"f_integer": ' + "9" * 5000 + "}", '{"f_money": 0.' + "1" * 5000 + "}", '{"f_json": ' + "[" * 100_000, '{"f_json": ' + '{"a":' * 100_000,
    '{"f_json": ' + "[" * 100_000 + "]" * 100_000 + "}", "[" * 100_000, "{" * 100_000, '{"title": "x"', '{"title": "\x01"}', '{"title": \'x\'}',
    "", " ", "null", "[]", '"x"', "1", "{}{}", '{"title": "x"}]', "title=x", "<title>x</title>", b"\xff\xfe{\x00}\x00", b'{"title": "\xff"}',
    b'\xef\xbb\xbf{"title": "x"}', '{"f_integer": 01}', '{"f_integer": 1.}', '{"f_integer": +1}', '{"title": "\\x41"}', '{"title": "\\u00"}',
)  # fmt: skip


def test_25_61_what_is_no_json_is_400(maker: Caller) -> None:
    for text in UNREADABLE:
        answer = raw(maker, "POST", "/records/thing", text)
        assert answer.status_code == 400, (text[:60], answer.status_code, answer.text)
        assert answer.json["code"] == "bad_request"


def test_25_wide_bodies_are_told_in_time(maker: Caller) -> None:
    for body, statuses in (
        ({f"k{n}": n for n in range(20_000)}, {422}),
        ({"title": "x", "k" * 500_000: 1}, {422}),
        ({"title": "x", "f_rows": [{"what": "a"}] * 2_001}, {422}),
        ({"title": "x", "f_rows": [{"nothing": 1}] * 300}, {422}),
        ({"title": "x", "f_links": list(range(1, 1_002))}, {422}),
        ({"title": "x", "f_tags": ["t"] * 20_000}, {201, 422}),
        ({"title": "x", "f_choices": ["email"] * 20_000}, {201, 422}),
        ({"title": "x", "f_json": {"a": ["x" * 100] * 2_000}}, {422}),
    ):
        assert sent(maker, "POST", "/records/thing", body).status_code in statuses
    said = sent(maker, "POST", "/records/thing", {"title": "x", "k" * 500_000: 1})
    assert len(said.data) < 5_000, "a refusal does not repeat all that was sent"


def test_25_keys_that_are_no_text_of_ours(maker: Caller) -> None:
    for key in (
        "\\ud800",
        "\\u0000",
        "",
        " ",
        "a.b",
        "f_rows.0.what",
        "__init__",
        "title ",
        "Title",
        "标题",
        "\\u202e",
    ):
        for body in (
            f'{{"title": "x", "{key}": 1}}',
            f'{{"title": "x", "f_rows": [{{"{key}": 1}}]}}',
            f'{{"f_json": {{"{key}": 1}}}}',
        ):
            answer = raw(maker, "POST", "/records/thing", body)
            assert answer.status_code == 422, (body, answer.text)
    for path in ("/records/thing/batch", "/exports/thing", "/imports/thing"):
        assert raw(maker, "POST", path, '{"\\ud800": 1}').status_code in (403, 422)


# -- names and values that would be SQL (30, 31, 33, 34, 64) ----------------------------------------------------------------

SORTS = (
    "id; drop table thing", "(select pg_sleep(5))", "id desc nulls first, (case when 1=1 then 1 end)", "ab_user.password", "sacred", "id desc",
    "id asc", "--id", "-", ",", "id,", "id,,title", "1", "0", "*", "count(*)", "random()", "thing.id", "T.id", '"id"', "id'", "id`", "[id]", "id\0",
    "i\nd", "%69d;", "f_rows", "f_links", "f_rows.what", "f_link.name.x", "f_link..name", ".", "owner.password", "owner.username.x",
    "created_by.email.domain", "__dict__", "id::text", "id/**/", "+id", "id COLLATE NOCASE", "x" * 3_000, "-" * 500, ",".join(["id"] * 900),
    "\ud83d\ude00", "sqlite_master", "rowid", "ctid", "xmin",
)  # fmt: skip


def test_30_a_sort_is_a_name_or_400(maker: Caller) -> None:
    for word in SORTS:
        encoded = quote(word.encode("utf-16", "surrogatepass").decode("utf-16"), safe="")
        for path in ("/records/thing?sort=", "/records/tag/1/related/things?sort=", "/records/thing?fields="):
            if word == "id,title":
                continue
            answer = sent(maker, "GET", path + encoded)
            assert answer.status_code == 400 or (path.endswith("fields=") and word in ("f_rows", "f_links")), (
                path,
                word,
                answer.text,
            )
        if "," not in word:
            assert raw(maker, "POST", "/exports/thing", json.dumps({"sort": [word]})).status_code in (400, 403, 422)


FILTERS = (
    "1; drop table thing", "title == 'a' or 1=1", "title == 'a'; select 1", "title LIKE '%'", "id in (select id from ab_user)", "pg_sleep(5)",
    "sleep(5)", "COPY thing TO '/tmp/x'", "pg_read_file('/etc/passwd')", "load_extension('x')", "title == \"a\" --", "/* x */", "id = 1",
    "__import__('os').system('id')", "title.__class__", "().__class__.__bases__", "open('/etc/passwd')", "eval('1')", "lambda: 1",
    "[x for x in (1,2)]", "f'{title}'", "title[0]", "9**9**9", "'a' * 10**9", "1 << 99", "id == 1e999", "id == nan", "id == " + "9" * 500,
    "title == '" + "x" * 3_900 + "'", "(" * 500 + "id > 0" + ")" * 500, "not " * 800 + "true", "-" * 2_000 + "1 > 0", " and ".join(["id > 0"] * 350),
    " or ".join(["id == 1"] * 350), "id in (" + ",".join(map(str, range(1_500))) + ")", "title in (" + ",".join(["'x'"] * 900) + ")", "id",
    "title", "'x'", "1", "", " ", "true == ", "== 1", "title ==", "and", "f_link.f_link.f_link", "owner.password == 'x'", "owner.roles", "me",
    "me.password", "settings.secret_key", "this.id == 1", "old.title == 'x'", "f_json.a == 1", "f_rows == 1", "f_rows.what == 'a'", "f_file == 1",
    "f_region.x == 1", "f_duration == 1", "count(f_rows) > 'x'", "max(title) > 1", "if_(1, 2, 3)", "f_date > 'soon'", "f_date + f_date > f_date",
    "f_money / 0 > 1", "1 / 0 == 1", "f_money * f_money * f_money * f_money > 1", "today() + days(10**9) > f_date", "days(99999999999) > f_duration",
    "now() - days(999999) < f_datetime", "title == '\\'", "title == '%'", "title == '_'", "title == '\\x00'", "title == '\U0001f600'", "title == 'e\u0301'",
    "title == '\ud83d'", "\u202e", "title　== 'x'", "ｔｉｔｌｅ == 'x'",
)  # fmt: skip


def test_31_34_64_a_filter_is_an_expression_or_400(maker: Caller) -> None:
    for source in FILTERS:
        encoded = quote(source, safe="", errors="surrogatepass")
        for path in (
            "/records/thing?filter=",
            "/records/thing/lookup?q=x&filter=",
            "/records/tag/1/related/things?filter=",
        ):
            answer = sent(maker, "GET", path + encoded)
            assert answer.status_code in (200, 400), (source, answer.text)
            if answer.status_code == 200:
                assert {one["id"] for one in answer.json["result"]} <= {2}, "never more than one's own"
        assert raw(maker, "POST", "/exports/thing", json.dumps({"filter": source})).status_code in (400, 403, 422)


LITERAL = (
    "100%", "a_b", "a\\b", "o'brien", 'q"q', "😀", "e\u0301", "x') union select 1 --", "%", "_", "''", "\\", "\\'", "{0}", "$1", ":id", "?", "%s",
    "&lt;", "<b>", "a\u200db",
)  # fmt: skip


def test_31_33_values_are_literal_wherever_they_come_again(ask: Callable[[str], Caller]) -> None:
    """As filter, text search, key of a link, unique value, and in the title of a link."""
    root = ask("root")
    ids = {}
    for text in LITERAL:
        made = sent(root, "POST", "/records/tag", {"name": text})
        assert made.status_code == 201, (text, made.text)
        ids[text] = made.json["id"]
        assert sent(root, "POST", "/records/tag", {"name": text}).status_code == 422, "unique"
    for text, tag in ids.items():
        written = text.replace("\\", "\\\\").replace("'", "\\'")
        found = sent(root, "GET", f"/records/tag?filter={quote(f'name == {chr(39)}{written}{chr(39)}', safe='')}")
        assert [one["id"] for one in found.json["result"]] == [tag], (text, found.text)
        linked = sent(root, "POST", "/records/thing", {"title": "x", "f_link": text, "f_links": [{"name": text}]})
        assert linked.status_code == 201, (text, linked.text)
        assert linked.json["f_link"] == linked.json["f_links"][0] == {"id": tag, "title": text}
        looked = sent(root, "GET", f"/records/tag/lookup?q={quote(text, safe='')}").json["result"]
        assert tag in {one["id"] for one in looked} or not any(letter.isalnum() for letter in text), (text, looked)
    for text in ("%", "_", "\\", "'"):
        assert len(sent(root, "GET", f"/records/tag?q={quote(text)}").json["result"]) < len(LITERAL), "no wildcard"


LIMITS = (
    "0",
    "-1",
    "501",
    "1000000",
    "1e3",
    "1.5",
    "",
    " ",
    "x",
    "٣",
    "１",
    "0x10",
    "9" * 30,
    "null",
    "[]",
    "1,2",
    "+1",
)


def test_64_pages_have_bounds(maker: Caller) -> None:
    for path in (
        "/records/thing",
        "/records/tag/1/related/things",
        "/records/thing/2/history",
        "/search",
        "/jobs",
        "/records/tag/lookup",
    ):
        for limit in LIMITS:
            joined = "&q=x" if path in ("/search", "/records/tag/lookup") else ""
            assert sent(maker, "GET", f"{path}?limit={quote(limit)}{joined}").status_code == 400, (path, limit)
    for query in (
        "after=x", "after=W10", "after=" + "A" * 3_999, "after=bnVsbA", "after=eyJhIjoxfQ", "after=W1tdXQ", "after=WzEsMl0", "after=" + "A" * 5_000,
        "offset=1000000000", "page=2", "limit=1&limit=2", "count=all", "view=../x", "binned=2", "q=" + "x" * 201, "fields=" + "title," * 400,
        "related=things", "limit[]=1",
    ):  # fmt: skip
        assert sent(maker, "GET", f"/records/thing?{query}").status_code == 400, query
    for related in (
        "sacred",
        "things:0",
        "f_rows:501",
        "f_rows:-1",
        "f_rows:x",
        "f_rows,f_rows:1,",
        ",".join(f"n{i}" for i in range(9)),
    ):
        assert sent(maker, "GET", f"/records/thing/2?related={related}").status_code in (400, 404), related


IDS = (
    "0",
    "-1",
    "1.0",
    "1e0",
    "01",
    "x",
    "",
    "%00",
    "9" * 19,
    "9" * 40,
    str(2**63),
    "١",
    "１",
    "1;drop",
    "1'",
    "1/..",
    "null",
    "true",
    "1%2F1",
    "../1",
    "..%2f1",
)


def test_ids_beyond_the_number_of_records(maker: Caller) -> None:
    for one in IDS:
        for method, rest in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("GET", "/history"),
            ("POST", "/restore"),
            ("GET", "/related/f_rows"),
        ):
            answer = sent(maker, method, f"/records/thing/{one}{rest}", {} if method in ("PATCH", "POST") else None)
            assert answer.status_code in (404, 405, 308), (one, method, answer.text)
    for one in (2**63, -1, 0, 10**40, 1.5, True, "1", None, [1], {}):
        for body in ({"update": [{"id": one, "title": "x"}]}, {"delete": [one]}, {"delete": [{"id": one}]}):
            assert sent(maker, "POST", "/records/thing/batch", body).status_code in (400, 422), body
    assert sent(maker, "POST", "/records/thing/batch", {"delete": [2**62]}).status_code == 404
    for number in ("999", str(2**31 - 1), str(2**63 - 1), "9" * 18):
        for path in (f"/files/{number}", f"/jobs/{number}", f"/records/thing/{number}"):
            assert sent(maker, "GET", path).status_code == 404, path
        assert sent(maker, "GET", f"/records/thing/2/history?before={number}").status_code in (200, 400)
        assert sent(maker, "GET", f"/files/1?entity=thing&record={number}").status_code in (400, 404)
    for version in (0, -1, 2**31, 2**63, "1", 1.0, [], True):
        assert sent(maker, "PATCH", "/records/thing/2", {"title": "y", "version": version}).status_code in (409, 422), (
            version
        )
        assert (
            sent(maker, "PATCH", "/records/thing/2", {"title": "y"}, headers={"If-Match": f'"{version}x"'}).status_code
            == 400
        )


# -- files named by number (9, 10) -------------------------------------------------------------------------------------------


def test_9_10_a_number_is_no_right_to_a_file(ask: Callable[[str], Caller], maker: Caller) -> None:
    theirs = ask("looker").call("POST", "/files", **upload(b"theirs")).json["id"]
    for value in (
        theirs,
        [theirs],
        {"id": theirs},
        [{"id": theirs, "name": "mine.txt", "size": 1, "type": "text/plain"}],
        [theirs, 1],
    ):
        for key in ("f_file", "f_image"):
            assert sent(maker, "PATCH", "/records/thing/2", {key: value}).status_code == 422, (key, value)
    assert sent(maker, "GET", f"/files/{theirs}").status_code == 404
    assert sent(maker, "GET", f"/files/{theirs}?entity=thing&record=2").status_code == 404
    assert sent(
        maker, "POST", "/imports/thing", {"file": theirs, "mapping": {"columns": {"title": "title"}}}
    ).status_code in (403, 404)

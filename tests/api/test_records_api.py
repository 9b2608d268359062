"""Records over HTTP, end to end on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from yuanke.kernel.actor import Enterprise

from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


@pytest.fixture
def lin(caller: Callable[[str], Caller]) -> Caller:
    return caller("lin")


@pytest.fixture
def qin(caller: Callable[[str], Caller]) -> Caller:
    return caller("qin")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_record_is_made_read_changed_binned_and_brought_back(lin: Caller) -> None:
    made = lin.post("/records/note", {"title": "甲", "amount": "12.30", "due": "2026-03-05", "level": "high"})
    assert made.status_code == 201
    note = made.json
    assert made.headers["Location"] == f"/api/v1/records/note/{note['id']}" and made.headers["ETag"] == '"1"'
    assert (note["number"], note["amount"], note["due"], note["level"], note["version"]) == (
        "N-0001",
        "12.30",
        "2026-03-05",
        "high",
        1,
    )
    assert note["owner"]["title"] == "Lin" and note["created_at"].endswith("Z")
    changed = lin.patch(f"/records/note/{note['id']}", {"amount": 7, "version": 1})
    assert (changed.status_code, changed.json["amount"], changed.json["version"]) == (200, "7.00", 2)
    assert lin.get(f"/records/note/{note['id']}").json == changed.json
    assert lin.delete(f"/records/note/{note['id']}").status_code == 204
    assert lin.get(f"/records/note/{note['id']}").status_code == 404
    back = lin.post(f"/records/note/{note['id']}/restore")
    assert (back.status_code, back.json["title"]) == (200, "甲")
    verbs = [entry["verb"] for entry in lin.get(f"/records/note/{note['id']}/history").json["result"]]
    assert verbs == ["restore", "delete", "update", "create"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_money_keeps_its_digits_however_it_is_sent(lin: Caller) -> None:
    sent = b'{"title": "x", "amount": 99999999999999.99}'
    made = lin.call("POST", "/records/note", data=sent, content_type="application/json")
    assert made.json["amount"] == "99999999999999.99"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_owned_rows_ride_with_their_record(lin: Caller) -> None:
    made = lin.post(
        "/records/note", {"title": "x", "lines": [{"what": "a", "price": "1.10"}, {"what": "b", "price": "2.20"}]}
    ).json
    assert made["total"] == "3.30" and [line["what"] for line in made["lines"]] == ["a", "b"]
    first, second = (line["id"] for line in made["lines"])
    change = {
        "lines": [{"id": first, "price": "5.00"}, {"id": second, "deleted": True}, {"what": "c", "price": "0.05"}]
    }
    changed = lin.patch(f"/records/note/{made['id']}", change).json
    assert changed["total"] == "5.05" and [line["what"] for line in changed["lines"]] == ["a", "c"]
    wrong = lin.patch(f"/records/note/{made['id']}", {"lines": [{"id": first, "price": "x"}]})
    assert wrong.status_code == 422 and wrong.json["errors"][0]["field"].startswith("lines.0")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_links_go_in_by_id_or_unique_name_and_come_out_with_title(lin: Caller, qin: Caller) -> None:
    folder = qin.post("/records/folder", {"name": "账目"}).json
    for given in (folder["id"], {"id": folder["id"]}, "账目", {"name": "账目"}):
        made = lin.post("/records/note", {"title": "x", "folder": given})
        assert made.status_code == 201, made.text
        assert made.json["folder"] == {"id": folder["id"], "title": "账目"}
    assert lin.post("/records/note", {"title": "x", "folder": 999}).status_code == 422
    found = lin.get("/records/folder/lookup?q=账").json["result"]
    assert found == [{"id": folder["id"], "title": "账目"}]
    assert len(qin.get(f"/records/folder/{folder['id']}/related/notes").json["result"]) == 4


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_list_is_filtered_sorted_paged_and_counted(lin: Caller) -> None:
    for number in range(1, 8):
        lin.post("/records/note", {"title": f"t{number}", "amount": number})
    page = lin.get("/records/note?sort=-amount&limit=3&fields=title,amount&count=exact").json
    assert [(r["title"], r["amount"]) for r in page["result"]] == [("t7", "7.00"), ("t6", "6.00"), ("t5", "5.00")]
    assert page["count"] == 7
    seen = [r["title"] for r in page["result"]]
    while page["next"]:
        page = lin.get(
            "/records/note", query_string={"sort": "-amount", "limit": 3, "fields": "title", "after": page["next"]}
        ).json
        seen += [r["title"] for r in page["result"]]
    assert seen == [f"t{n}" for n in range(7, 0, -1)]
    assert {r["title"] for r in lin.get("/records/note?filter=amount > 5").json["result"]} == {"t6", "t7"}
    assert lin.get("/records/note?count=none").json["count"] is None


BAD_QUERIES = [
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=x",
    "limit=1e3",
    "limit=99999999999999999999",
    "count=all",
    "sort=nothing",
    "sort=id;drop",
    "sort=(select pg_sleep(5))",
    "fields=",
    "fields=title,,amount",
    "fields=nothing",
    "filter=amount >",
    "filter=nothing == 1",
    "filter=__class__",
    "filter=" + "(" * 200,
    "filter=" + "a" * 5000,
    "after=xx",
    "after=W10",
    "view=nothing",
    "page=2",
    "limit=1&limit=2",
    "q=%00",
    "sort=secret",
    "fields=secret",
    "filter=secret == 'x'",
    "sort=ab_user.password",
    "filter=title == 'a'; drop table note",
    "filter=9**9**9",
    "filter='a'*10**9",
]


def test_a_faulty_query_is_400_and_names_the_parameter(lin: Caller, unchanged: None) -> None:
    for query in BAD_QUERIES:
        answer = lin.get(f"/records/note?{query}")
        assert answer.status_code == 400, f"{query}: {answer.status_code} {answer.text}"
        assert answer.json["code"] == "bad_query"


def test_a_hidden_field_reads_like_one_that_is_not_there(lin: Caller, qin: Caller) -> None:
    note = lin.post("/records/note", {"title": "x"}).json
    assert "secret" not in note
    qin.patch(f"/records/note/{note['id']}", {"secret": "hush"})
    assert "hush" not in lin.get(f"/records/note/{note['id']}").text
    assert "hush" not in lin.get(f"/records/note/{note['id']}/history").text
    for query in ("sort=", "fields=", "filter="):
        hidden = lin.get(f"/records/note?{query}secret").json
        unknown = lin.get(f"/records/note?{query}sacred").json
        assert hidden["detail"].replace("secret", "?") == unknown["detail"].replace("sacred", "?")


WRONG_BODIES = [
    ({"title": None}, "title"),
    ({}, "title"),
    ({"title": ["x"]}, "title"),
    ({"title": "x", "amount": "much"}, "amount"),
    ({"title": "x", "amount": True}, "amount"),
    ({"title": "x", "amount": {}}, "amount"),
    ({"title": "x", "due": "2026-02-30"}, "due"),
    ({"title": "x", "level": "middle"}, "level"),
    ({"title": "x", "nothing": 1}, "nothing"),
    ({"title": "x", "secret": "s"}, "secret"),
    ({"title": "x", "id": 7}, "id"),
    ({"title": "x", "number": "N-7"}, "number"),
    ({"title": "x", "created_by": 1}, "created_by"),
    ({"title": "x", "total": 5}, "total"),
    ({"title": "x", "lines": {"what": "a"}}, "lines"),
    ({"title": "x", "lines": [1]}, "lines.0"),
    ({"title": "x", "lines": [{"price": 1}]}, "lines.0.what"),
    ({"title": "a\0b"}, "title"),
    ({"title": "x", "folder": -1}, "folder"),
    ({"title": "x", "folder": 2**70}, "folder"),
    ({"title": "x", "amount": 10**40}, "amount"),
    ({"title": "x", "tenant_id": 2}, "tenant_id"),
    ({"title": "x", "deleted_at": None}, "deleted_at"),
    ({"title": "x", "version": 9}, "version"),
]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_wrong_values_are_422_at_their_field(lin: Caller, unchanged: None) -> None:
    for body, field in WRONG_BODIES:
        answer = lin.post("/records/note", body)
        assert answer.status_code == 422, f"{body}: {answer.status_code} {answer.text}"
        assert field in {error["field"] for error in answer.json["errors"]}, f"{body}: {answer.json}"
        assert all(error["message"] for error in answer.json["errors"])


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    b"1",
    b'"x"',
    b"nul",
    b'{"title": NaN}',
    b'{"title": 1e999}',
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 50_000,
]


def test_what_is_no_json_object_is_400(lin: Caller, unchanged: None) -> None:
    for body in UNREADABLE:
        answer = lin.call("POST", "/records/note", data=body, content_type="application/json")
        assert answer.status_code == 400, body[:20]
    assert lin.call("POST", "/records/note", data=b"title=x", content_type="text/plain").status_code == 415


def test_a_stale_version_is_409_in_the_body_and_412_in_the_header(lin: Caller) -> None:
    at = f"/records/note/{lin.post('/records/note', {'title': 'x'}).json['id']}"
    assert lin.patch(at, {"title": "y", "version": 1}).status_code == 200
    late = lin.patch(at, {"title": "z", "version": 1})
    assert (late.status_code, late.json["code"], late.json["current"]) == (409, "version_conflict", 2)
    assert lin.patch(at, {"title": "z"}, headers={"If-Match": '"1"'}).status_code == 412
    assert lin.patch(at, {"title": "z"}, headers={"If-Match": "x"}).status_code == 400
    assert lin.delete(at, headers={"If-Match": '"1"'}).status_code == 412
    assert lin.delete(f"{at}?version=1").status_code == 409
    assert lin.patch(at, {"title": "z", "version": "2"}).status_code == 422
    assert lin.get(at).json["title"] == "y"
    assert lin.patch(at, {"title": "z"}, headers={"If-Match": '"2"'}).status_code == 200
    assert lin.delete(at, headers={"If-Match": '"3"'}).status_code == 204


def test_somebody_elses_record_is_not_there(lin: Caller, caller: Callable[[str], Caller], unchanged: None) -> None:
    assert lin.get("/records/note/7").status_code == 404


def test_the_unseen_and_the_absent_answer_alike(lin: Caller, caller: Callable[[str], Caller]) -> None:
    yu = caller("yu")
    hers = yu.post("/records/note", {"title": "hers"}).json["id"]
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("GET", "/history", None),
        ("POST", "/restore", None),
        ("GET", "/related/lines", None),
    ):
        unseen = lin.call(method, f"/records/note/{hers}{path}", body)
        absent = lin.call(method, f"/records/note/{hers + 900}{path}", body)
        assert unseen.status_code == absent.status_code == 404, (method, path, unseen.text)
        assert unseen.data == absent.data
    assert lin.get("/records/note").json["result"] == []
    assert lin.get("/search?q=hers").json["result"] == []
    assert yu.get("/search?q=hers").json["result"][0]["title"] == "hers"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_batch_tells_each_item_or_undoes_all(lin: Caller) -> None:
    first = lin.post("/records/note", {"title": "a"}).json["id"]
    body = {
        "create": [{"title": "b"}, {"title": ""}],
        "update": [{"id": first, "title": "c"}, {"id": 999, "title": "d"}],
        "delete": [998],
    }
    whole = lin.post("/records/note/batch", {**body, "atomic": True})
    assert whole.status_code in (404, 422)
    assert [r["title"] for r in lin.get("/records/note").json["result"]] == ["a"]
    each = lin.post("/records/note/batch", {**body, "atomic": False})
    assert each.status_code == 200
    said = [(one["operation"], one["index"], one["status"]) for one in each.json["result"]]
    assert said == [
        ("create", 0, "created"),
        ("create", 1, "failed"),
        ("update", 0, "updated"),
        ("update", 1, "failed"),
        ("delete", 0, "failed"),
    ]
    assert {r["title"] for r in lin.get("/records/note").json["result"]} == {"b", "c"}
    for wrong in (
        {"create": {}},
        {"update": [{}]},
        {"delete": ["x"]},
        {"atomic": 1},
        {"make": []},
        {"create": [{}] * 501},
    ):
        assert lin.post("/records/note/batch", wrong).status_code == 422, wrong


def test_addresses_that_are_none_of_ours(lin: Caller, unchanged: None) -> None:
    for path in (
        "/records/Note",
        "/records/note/0",
        "/records/note/x",
        f"/records/note/{2**63}",
        "/records/nothing",
        "/records/ab_user",
        "/records/note/1/unknown",
        "/records/%22",
    ):
        assert lin.get(path).status_code == 404, path
    assert lin.call("PUT", "/records/note/1", {}).status_code == 405


def test_a_system_entity_is_records_too(caller: Callable[[str], Caller], notes: Enterprise) -> None:
    root = caller("root")
    made = root.post("/records/user", {"username": "fang", "name": "方", "roles": ["clerk"]})
    assert made.status_code == 201, made.text
    assert root.post("/records/user", {"username": "FANG", "name": "方"}).status_code == 422
    assert root.delete(f"/records/user/{made.json['id']}").status_code == 409

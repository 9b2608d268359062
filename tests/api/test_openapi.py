"""The description is valid and says what the caller may use; `test_described` holds the API to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def test_the_description_is_valid_and_of_the_callers_rights(caller: Callable[[str], Caller]) -> None:
    documents = {name: caller(name).get("/openapi.json").json for name in ("root", "qin", "lin")}
    validate(documents["lin"])
    lin, root = documents["lin"], documents["root"]
    assert "secret" not in lin["components"]["schemas"]["note"]["properties"]
    assert "secret" in documents["qin"]["components"]["schemas"]["note"]["properties"]
    assert "post" not in lin["paths"]["/api/v1/records/folder"] and "post" in root["paths"]["/api/v1/records/folder"]
    assert "/api/v1/records/login_log" not in lin["paths"] and "/api/v1/records/login_log" in root["paths"]


def test_every_route_is_described(caller: Callable[[str], Caller], app: Any) -> None:
    import re

    said = {re.sub(r"\{\w+\}", "*", path) for path in caller("root").get("/openapi.json").json["paths"]}
    missing = []
    for rule in app.url_map.iter_rules():
        if "<key:act>" in rule.rule or "<key:document>" in rule.rule or rule.endpoint.startswith("HandingApi."):
            continue  # described one by one, see test_acts_api and test_handing_api
        path = re.sub(r"<key:entity>", "note" if "/records/" in rule.rule else "*", rule.rule)
        path = re.sub(r"<[^>]+>", "*", path)
        if path.startswith("/api/v1/") and "security" not in path and "openapi" not in path and path not in said:
            missing.append(rule.rule)
    assert missing == []


def test_what_is_said_is_what_comes(caller: Callable[[str], Caller]) -> None:
    from jsonschema import Draft202012Validator

    lin = caller("lin")
    document = lin.get("/openapi.json").json
    lin.post("/records/note", {"title": "x", "amount": "1.5", "lines": [{"what": "a"}], "level": "low"})
    note = lin.get("/records/note/1").json
    schema = {"$ref": "#/components/schemas/note", "components": document["components"]}
    Draft202012Validator(schema).validate(note)
    assert set(note) <= set(document["components"]["schemas"]["note"]["properties"])

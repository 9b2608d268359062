"""The description is valid, says what the caller may use, and the API keeps it: no input makes it fail."""

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


def test_no_generated_input_makes_the_api_fail(caller: Callable[[str], Caller], app: Any) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, settings

    root = caller("root")
    document = root.get("/openapi.json").json
    kept = ("/api/v1/records/note", "/api/v1/records/folder", "/api/v1/search", "/api/v1/me")
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(kept)}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    token = {"Authorization": f"Bearer {root.tokens['access_token']}"}
    calls = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=5,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @schemathesis_given(operation)
        def check(case: Any) -> None:
            nonlocal calls
            calls += 1
            response = case.call(headers=token)
            assert response.status_code < 500, (
                f"{case.method} {case.formatted_path}: {response.status_code} {response.text}"
            )

        check()
    assert calls > 50


def schemathesis_given(operation: Any) -> Callable[[Any], Any]:
    from hypothesis import given

    return given(case=operation.as_strategy())

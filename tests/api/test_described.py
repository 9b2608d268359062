"""The API keeps what it says of itself, whatever is sent: generated calls as an administrator and as two roles.

The short form runs with the suite; the long one is nightly.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.served import Caller

#: what the short form calls as an administrator; everything else is as generic and is called nightly
AT_HAND = ("/api/v1/records/thing", "/api/v1/records/tag", "/api/v1/records/user", "/api/v1/records/thing_f_rows")
BESIDE = (
    "/api/v1/search",
    "/api/v1/me",
    "/api/v1/metadata",
    "/api/v1/jobs",
    "/api/v1/files",
    "/api/v1/exports",
    "/api/v1/imports",
    "/api/v1/customizations",
    "/api/v1/security",
)


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def aimed(document: dict[str, Any]) -> None:
    """Narrow what is sent, never what may come: few ids, queries that mean something, so that calls reach something."""
    parameters = document["components"]["parameters"]
    parameters["id"]["schema"]["maximum"] = 2
    hints = {
        "filter": ["id > 0", "id == 1", "owner == me", "title == 'x'"], "sort": ["-id", "id", "title"],
        "fields": ["id", "title", "id,created_at"], "view": ["mine"], "related": ["f_rows", "things:3"],
    }  # fmt: skip
    for name, values in hints.items():
        parameters[name]["schema"] = {"enum": values}

    def few(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("maximum", 0) > 2**60:
                node["maximum"] = 3
            for inner in node.values():
                few(inner)
        elif isinstance(node, list):
            for inner in node:
                few(inner)

    for name, schema in document["components"]["schemas"].items():
        if name.endswith((".new", ".change")):
            few(schema)


def called(caller: Caller, examples: int, wanted: Callable[[str], bool]) -> Counter[str]:
    """Call every operation with generated input and hold the answers to the description; how many calls of each class."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi import checks

    document = caller.get("/openapi.json").json
    document["paths"] = {path: item for path, item in document["paths"].items() if wanted(path)}
    aimed(document)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = caller.app
    kept = (
        not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
        checks.response_schema_conformance,
    )  # fmt: skip
    quick = settings(
        deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    seen: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {caller.tokens['access_token']}", "Accept-Encoding": "identity"}

    def check(case: Any) -> None:
        before = caller.watch.version() if caller.watch else 0
        response = case.call(headers=headers)
        case.validate_response(response, checks=kept, headers=headers)
        if response.status_code >= 400 and caller.watch:
            assert caller.watch.version() == before, f"{case.method} {case.formatted_path} was refused and changed data"
        seen[f"{response.status_code // 100}xx"] += 1
        seen["all"] += 1

    for result in schema.get_all_operations():
        operation = result.ok()
        for mode, many in ((GenerationMode.POSITIVE, examples), (GenerationMode.NEGATIVE, max(1, examples // 2))):
            strategy = operation.as_strategy(generation_mode=mode)
            settings(quick, max_examples=many)(given(case=strategy)(check))()
    return seen


def test_an_administrator_finds_what_was_described(ask: Callable[[str], Caller]) -> None:
    seen = called(ask("root"), 2, lambda path: path.startswith(AT_HAND + BESIDE))
    assert seen["all"] > 60 and seen["2xx"] > 10 and seen["4xx"] > 10, seen


@pytest.mark.parametrize("name", ["maker", "looker"])
def test_a_role_finds_what_was_described(ask: Callable[[str], Caller], name: str) -> None:
    seen = called(ask(name), 2, lambda path: path.startswith(AT_HAND[:2]))
    assert seen["all"] > 20 and seen["2xx"] > 5, seen


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["root", "maker", "looker"])
def test_every_operation_finds_what_was_described(ask: Callable[[str], Caller], name: str) -> None:
    seen = called(ask(name), int(os.environ.get("EXAMPLES", "40")), lambda path: True)
    assert seen["2xx"] > 100, seen

"""An assistant works through the Model Context Protocol under its user's rights, spoken to by the official client."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import anyio
import pytest
from werkzeug.serving import make_server

from tests.customizations.conftest import field


@pytest.fixture(autouse=True)
def no_loop_of_a_browser() -> Any:
    """A browser of another test keeps a loop open in this thread; no thread of a server has one."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


ACCEPT = {"Accept": "application/json, text/event-stream"}


def called(caller: Any, name: str, /, **arguments: Any) -> tuple[Any, bool]:
    """What a tool answers, and whether it refused."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    answer = caller.post("/mcp", body, headers=ACCEPT)
    assert answer.status_code == 200, answer.text
    result = answer.json["result"]
    text = result["content"][0]["text"]
    return (text if result.get("isError") else json.loads(text)), bool(result.get("isError"))


def test_the_official_client_lists_and_calls_the_tools(app, caller, root) -> None:
    from mcp.client.session import ClientSession
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    token = {"Authorization": f"Bearer {caller('lin').tokens['access_token']}"}
    url = f"http://127.0.0.1:{server.server_port}/api/v1/mcp"

    async def talk() -> tuple[list[str], str]:
        async with (
            create_mcp_http_client(headers=token) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            tools = await session.list_tools()
            made = await session.call_tool(
                "create", {"entity": "note", "values": {"title": "von MCP", "level": "high"}}
            )
            return [tool.name for tool in tools.tools], made.content[0].text

    try:
        names, made = anyio.run(talk)
    finally:
        server.shutdown()
        thread.join(5)
    assert {"describe", "query", "create", "plan_customization"} <= set(names)
    assert json.loads(made)["title"] == "von MCP"
    assert root.get("/records/note").json["result"][0]["title"] == "von MCP"


def test_what_its_user_may_not_see_is_not_there_for_it(caller, root) -> None:
    lin = caller("lin")
    root.post("/records/note", {"title": "fremd"})
    mine, _ = called(lin, "create", entity="note", values={"title": "meins"})
    assert [r["title"] for r in called(lin, "query", entity="note")[0]["result"]] == ["meins"]
    described, _ = called(lin, "describe", entity="note")
    assert "secret" not in {f["key"] for f in described["fields"]}
    assert "login_log" not in {e["key"] for e in called(lin, "describe")[0]["result"]}
    for name, arguments in (
        ("get", {"entity": "note", "id": 1}), ("describe", {"entity": "login_log"}), ("query", {"entity": "note", "filter": "secret == 'x'"}),
        ("create", {"entity": "folder", "values": {"name": "x"}}), ("create", {"entity": "note", "values": {"secret": "x", "title": "y"}}),
        ("plan_customization", {"overlay": field("mood", "text")}), ("nothing", {}), ("get", {"entity": "note", "id": "1"}), ("get", {"entity": "note", "more": 1}),
    ):  # fmt: skip
        assert called(lin, name, **arguments)[1], name
    updated, _ = called(lin, "update", entity="note", id=mine["id"], values={"title": "neu"}, version=mine["version"])
    assert updated["title"] == "neu"
    assert called(lin, "update", entity="note", id=mine["id"], values={"title": "x"}, version=1)[1]


def test_a_customization_is_planned_and_nothing_is_changed(root, unchanged) -> None:
    planned, refused = called(root, "plan_customization", overlay=field("mood", {"type": "text", "label": "心情"}))
    assert not refused and "add_column" in {step["kind"] for step in planned["steps"]}
    wrong, refused = called(root, "plan_customization", overlay=field("mood", {"type": "txet"}))
    assert refused and "E206" in wrong


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}', b"[" * 500])
def test_what_is_no_message_is_refused_and_breaks_nothing(root, unchanged, body: bytes) -> None:
    answer = root.post("/mcp", data=body, content_type="application/json", headers=ACCEPT)
    assert answer.status_code < 500
    assert answer.status_code >= 400 or "error" in answer.json


def test_strangers_and_other_verbs_are_turned_away(app, root) -> None:
    client = app.test_client()
    assert client.post("/api/v1/mcp", json={}).status_code == 401
    assert root.get("/mcp").status_code == 405

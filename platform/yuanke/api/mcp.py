"""``POST /api/v1/mcp``: the Model Context Protocol over streamable HTTP, for assistants that bear a token or key.

The one rule: one request, one unit of work, as everywhere. The official SDK speaks the protocol; it runs without sessions
inside this very request, so that rights, limits and the transaction are those of any other call.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Response, g, request

from yuanke import __version__
from yuanke.api.mcp_tools import TOOLS
from yuanke.api.resource import Resource, expose
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import Refusal, Unavailable, ValidationFailed
from yuanke.kernel.text import message
from yuanke.web.guard import late
from yuanke.web.language import say
from yuanke.web.requests import current

log = logging.getLogger("yuanke.mcp")
INSTRUCTIONS = (
    "A CRM whose entities and fields are described by metadata: call describe first, then describe with an entity. "
    "Filters are expressions with Python's syntax over field keys. You see and may do what your user may."
)
#: what the transport reads of a request; everything else stays outside
HEADERS = (
    "accept",
    "content-type",
    "content-length",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-session-id",
)


class McpApi(Resource):
    route_base = "/api/v1/mcp"

    @expose("", methods=("POST",))
    @late
    def post(self) -> Response:
        """One message of the protocol in, its answer out."""
        try:
            import anyio
            import mcp  # noqa: F401
        except ImportError:
            raise Unavailable(message("这个安装没有 MCP：pip install 'yuanke[mcp]'"), retry_after=86_400) from None
        g.reading = not _writes()
        current()
        return anyio.run(_answer, request.get_data(), _headers())


def _headers() -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name in HEADERS if (value := request.headers.get(name)) is not None]


def _writes() -> bool:
    """Whether the message calls a tool that writes: then its unit takes the lock at the beginning."""
    try:
        body = json.loads(request.get_data())
        tool = TOOLS.get(body["params"]["name"]) if body.get("method") == "tools/call" else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return tool is not None and tool.writes


async def _answer(body: bytes, headers: list[tuple[bytes, bytes]]) -> Response:
    """The transport of the SDK, asked as a server would ask it."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    manager = StreamableHTTPSessionManager(_server(), json_response=True, stateless=True)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/", "raw_path": b"/",
        "root_path": "", "query_string": b"", "headers": headers, "client": None, "server": None,
    }  # fmt: skip
    sent: list[Mapping[str, Any]] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(part: Any) -> None:
        sent.append(part)

    async with manager.run():
        await manager.handle_request(scope, receive, send)  # type: ignore[arg-type]
    start = next(part for part in sent if part["type"] == "http.response.start")
    content = b"".join(part.get("body", b"") for part in sent if part["type"] == "http.response.body")
    kept = [(n.decode(), v.decode()) for n, v in start["headers"] if n.lower() in (b"content-type", b"allow")]
    return Response(content, start["status"], kept)


def _server() -> Any:
    from mcp import types
    from mcp.server.lowlevel import Server

    async def list_tools(_context: Any, _params: Any) -> Any:
        tools = [types.Tool(name=t.name, description=t.said, input_schema=t.schema) for t in TOOLS.values()]
        return types.ListToolsResult(tools=tools)

    async def call_tool(_context: Any, params: Any) -> Any:
        text, wrong = _call(params.name, params.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=wrong)

    return Server(
        "yuanke", version=__version__, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )


def _call(name: str, given: Mapping[str, Any]) -> tuple[str, bool]:
    """The answer of a tool as text, or what was refused; a refusal leaves nothing behind."""
    import jsonschema

    tool = TOOLS.get(name)
    if tool is None:
        return f"There is no tool {name}; there are {', '.join(TOOLS)}.", True
    held = current()
    try:
        jsonschema.validate(dict(given), tool.schema)
        with held.unit.savepoint():
            return _text(tool.run(held, given)), False
    except jsonschema.ValidationError as fault:
        return f"{'.'.join(map(str, fault.path)) or 'arguments'}: {fault.message}", True
    except DefinitionError as fault:
        return str(fault), True
    except Refusal as refused:
        return _refusal(refused), True


def _refusal(refused: Refusal) -> str:
    if isinstance(refused, ValidationFailed):
        return "\n".join(f"{path or '*'}: {', '.join(map(say, some))}" for path, some in refused.errors.items())
    return f"{refused.code}: {say(refused.said)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

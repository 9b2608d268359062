"""What every answer tells the browser: no foreign script, frame, guess of type, or copy in a shared cache.

The one rule: the policy is strict for the whole product; nothing inline, nothing from elsewhere. A view may be stricter
(a file is sandboxed), never milder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
#: added where the answer does not say otherwise; assets come with a Cache-Control of their own
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"),
    ("Cache-Control", "private, no-store"),
)
STRICT_TRANSPORT = ("Strict-Transport-Security", f"max-age={365 * 24 * 3600}; includeSubDomains")
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Headers:
    """WSGI middleware around everything, assets and faults included."""

    def __init__(self, inner: Wsgi) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        secure = environ.get("wsgi.url_scheme") == "https"

        def start(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            said = {name for name, _ in headers}
            headers.extend(pair for pair in HEADERS if pair[0] not in said)
            if secure:
                headers.append(STRICT_TRANSPORT)
            return start_response(status, headers, fault) if fault else start_response(status, headers)

        return self.inner(environ, start)

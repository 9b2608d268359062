"""What both faces, `api` and `screens`, share of a request: its unit of work, its gate, its body, its language.

The one rule: a view never opens, commits or rolls back anything; it asks `web.requests.current()`, and returns or
raises.
"""

from yuanke.web import replies

__all__ = ["replies"]

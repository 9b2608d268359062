"""Who may do what: people, their log-ins, and the declared rights, answered as predicate, fields and reason.

The one rule: every door asks here, and what is not allowed is refused. Importing the package declares its tables and
has rights projected for Flask-AppBuilder whenever an enterprise's metadata changes.
"""

from yuanke.access import fab_tables, projection, sessions

__all__ = ["fab_tables", "projection", "sessions"]

"""Where an enterprise's data lives: directory, connections, tables, schema changes and files.

The one rule: nothing is read or written without an enterprise, and one unit of work is one connection and one transaction.
"""

from yuanke.storage.directory import Directory
from yuanke.storage.installation import Installation
from yuanke.storage.tables import Tables, table_of
from yuanke.storage.unit import Unit

__all__ = ["Directory", "Installation", "Tables", "Unit", "table_of"]

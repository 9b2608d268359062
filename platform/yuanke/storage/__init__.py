"""Where an enterprise's data lives: directory, connections, tables, schema changes and files.

The one rule: nothing is read or written without an enterprise, and one unit of work is one connection and
one transaction.
"""

from yuanke.storage.apply import Applied, change
from yuanke.storage.definitions import find_modules, layers_of
from yuanke.storage.directory import Directory
from yuanke.storage.drafts import Draft
from yuanke.storage.files import FileInfo, Files
from yuanke.storage.installation import Installation
from yuanke.storage.plan import Plan, Step
from yuanke.storage.provision import create_enterprise, remove_enterprise
from yuanke.storage.steps import run_pending_steps
from yuanke.storage.tables import Tables, table_of
from yuanke.storage.unit import Unit

__all__ = [
    "Applied",
    "Directory",
    "Draft",
    "FileInfo",
    "Files",
    "Installation",
    "Plan",
    "Step",
    "Tables",
    "Unit",
    "change",
    "create_enterprise",
    "find_modules",
    "layers_of",
    "remove_enterprise",
    "run_pending_steps",
    "table_of",
]

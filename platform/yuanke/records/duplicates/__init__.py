"""Likely duplicates: normal forms of what records say, kept beside them, and who shares one."""

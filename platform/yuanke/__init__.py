"""元客 Yuanke: one generic engine that turns declared modules into tables, screens, a REST API and flows."""

__version__ = "0.1.0"

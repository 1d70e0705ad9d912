"""Riverside, the made-up city."""

from tests.builders.riverside import database_dsn, empty, riverside

__all__ = ["database_dsn", "empty", "riverside"]

"""The one linear history of the database."""

from civic.db import settings

# What the migration tool reads (`make migration`); it compares models with files and connects to nothing.
TOOL = settings("postgres://localhost/none")

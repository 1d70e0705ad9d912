"""The one linear history of the database."""

from civic.db import tortoise_config

# What the migration tool reads (`make migration`); it compares models with files and connects to nothing.
TOOL = tortoise_config("postgres://localhost/none")

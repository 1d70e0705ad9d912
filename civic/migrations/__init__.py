"""The one linear history of the database."""

from tortoise.migrations.operations import AlterModelOptions

from civic.db import tortoise_config

# A model's docstring is no part of the database: a better sentence needs no migration.
AlterModelOptions.UNMANAGED_OPTION_KEYS = AlterModelOptions.UNMANAGED_OPTION_KEYS | {"table_description"}

# What the migration tool reads (`make migration`); it compares models with files and connects to nothing.
TOOL = tortoise_config("postgres://localhost/none")

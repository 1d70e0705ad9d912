"""What a backup says of itself."""

import tomllib
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from civic.config import PROGRAM
from civic.errors import SetupError


class PhotoCounts(BaseModel):
    """Files of photos in the backup, and how many photos that posts use had lost one before."""

    model_config = ConfigDict(frozen=True)

    files: int
    bytes: int
    missing: int


class Manifest(BaseModel):
    """`tables`: the rows of each table; `granted`: accounts of the database that the program ran as."""

    model_config = ConfigDict(frozen=True)

    program: str
    made_at: datetime
    city: str
    postgresql: str
    migrations: list[str]
    granted: list[str]
    tables: dict[str, int]
    database_sha256: str
    photos: PhotoCounts


def read_program_version() -> str:
    """The version of this program."""
    said: str = tomllib.loads((PROGRAM / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return said


def read_manifest(data: bytes) -> Manifest:
    """Raises SetupError for one of another form."""
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise SetupError("The manifest of this backup is of another form: use the program that made it.") from error

"""What programs get of accounts."""

from civic.accounts.models import Role
from civic.schemas import Schema


class SignedInAnswer(Schema):
    """The user of the session that has begun."""

    id: int
    name: str
    role: Role


class SignedOutAnswer(Schema):
    """Nothing: the session has ended."""

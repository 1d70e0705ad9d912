"""People who sign in, and the sessions in which they do."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Role(StrEnum):
    """What a person may do. An agent or a lead acts for the departments of their memberships."""

    CITIZEN = "citizen"
    AGENT = "agent"
    LEAD = "lead"
    DISPATCHER = "dispatcher"
    ADMIN = "admin"


class User(Model):
    id = fields.BigIntField(primary_key=True)
    email = fields.CharField(254, db_index=True)  # lower case; of the accounts that have it confirmed, it is one's only
    name = fields.CharField(80, default="")  # shown beside posts; empty: "a resident"
    password_hash = fields.CharField(200)
    role = fields.CharEnumField(Role, default=Role.CITIZEN, max_length=12)
    language = fields.CharField(12, default="")
    created_at = fields.DatetimeField()
    email_confirmed_at = fields.DatetimeField(null=True)  # by the link of a mail, or by the operator who added them
    disabled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "user_account"


class Session(Model):
    """A signed-in browser. The cookie holds a random token; the row holds only its SHA-256."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(64, unique=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="sessions", on_delete=fields.RESTRICT
    )
    user_id: int
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    browser = fields.CharField(60, default="")  # "Firefox on Android": for the list of one's own sessions

    class Meta:
        table = "user_session"


class RateCount(Model):
    """How often `key` did something in an hour: all processes count here together."""

    key = fields.CharField(100, primary_key=True)
    count = fields.IntField()
    until = fields.DatetimeField(db_index=True)

    class Meta:
        table = "tally"


class KeptForm(Model):
    """A form that waits: for its sender to sign in, or to be shown again in another language or print."""

    token_hash = fields.CharField(64, primary_key=True)  # of the token in its address
    browser_hash = fields.CharField(64)  # of the mark of the browser that sent it: no other browser gets it
    address = fields.CharField(300, default="")  # to which it was sent; empty: it is only shown again
    page = fields.CharField(600)  # of the form
    content = fields.TextField()  # its texts, as a browser encodes them; no password
    user_id = fields.BigIntField(null=True)  # whose it is: no other account sees or sends it
    until = fields.DatetimeField(db_index=True)

    class Meta:
        table = "kept_form"

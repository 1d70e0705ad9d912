"""Messages, by which channel each was sent, and who wants no mail."""

from pydantic import JsonValue
from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.catalogue.models import Department


class Message(Model):
    """One message to one recipient: a person, an e-mail address, a department's desk, or all of a role.

    `key` ("case:17:overdue:user:4") makes telling twice telling once. `kind` names the text
    (templates/messages/<kind>.txt); `values` fill it in the recipient's language.
    """

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(200, unique=True)
    kind = fields.CharField(40)
    values: dict[str, JsonValue] = fields.JSONField(default=dict)
    url = fields.CharField(300, default="")  # path on this site
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="messages", null=True, on_delete=fields.RESTRICT
    )
    user_id: int | None
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="messages", null=True, on_delete=fields.RESTRICT
    )
    department_id: int | None
    role = fields.CharField(12, default="")  # "lead" of the department, or "dispatcher", "admin"
    email = fields.CharField(254, default="")  # a person without an account; personal data
    about = fields.CharField(40, default="")  # what somebody can stop mails about: "post:17", "user:4"
    language = fields.CharField(12, default="")
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "message"
        indexes = (("user_id", "created_at"), ("department_id", "created_at"), ("role", "created_at"))


class Delivery(Model):
    """That a channel has sent a message, or that it was refused for good. Messages to a desk are only shown there."""

    id = fields.BigIntField(primary_key=True)
    message: fields.ForeignKeyRelation[Message] = fields.ForeignKeyField(
        "civic.Message", related_name="deliveries", on_delete=fields.RESTRICT
    )
    message_id: int
    channel = fields.CharField(12)
    ended_at = fields.DatetimeField(db_index=True)
    refusal = fields.CharField(300, default="")  # empty: it was sent; else what was said, without addresses

    class Meta:
        table = "delivery"
        unique_together = (("message", "channel"),)


class MailStop(Model):
    """An address that wants no mails about one report or account, or (`about` empty) none at all."""

    id = fields.BigIntField(primary_key=True)
    address = fields.CharField(64)  # a digest (signing): who has the table learns no address
    about = fields.CharField(40, default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "mail_stop"
        unique_together = (("address", "about"),)

"""What programs get of a person's messages."""

from datetime import datetime

from civic.schemas import Schema, SchemaList


class MessageAnswer(Schema):
    """One message; `url` is a path of this site, or empty."""

    subject: str
    text: str
    url: str
    at: datetime
    read: bool


class MessagesAnswer(SchemaList[MessageAnswer]):
    """The latest messages, newest first."""

"""The text of a message in the current language: templates/messages/<kind>.txt, whose first line is the subject."""

import re
from dataclasses import dataclass
from functools import cache

from jinja2 import TemplateNotFound

from civic.formats import PLAIN_FILTERS
from civic.i18n import gettext as _
from civic.i18n import spoken_language
from civic.notifications.models import Message
from civic.templates import LanguageEnvironment, get_template

_control = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@cache
def _plain(language: str) -> LanguageEnvironment:
    """Messages are plain text, so what a person wrote is not escaped."""
    environment = LanguageEnvironment(language, autoescape=False)
    environment.filters |= PLAIN_FILTERS
    return environment


@dataclass(frozen=True)
class MessageText:
    subject: str
    body: str


def render_message(message: Message) -> MessageText:
    """Subject and body. The subject is one line, whatever was written into the values."""
    values = message.values
    if values.get("hidden"):
        values = values | {"text": _("This text was hidden; the page says why.")}
    rendered = _plain(spoken_language()).get_template(f"messages/{message.kind}.txt").render(values)
    subject, _newline, body = rendered.partition("\n")
    return MessageText(to_one_line(subject)[:200], re.sub(r"\n{3,}", "\n\n", body).strip())


def to_one_line(text: str) -> str:
    """A text as it may stand in a header of a mail."""
    return _control.sub(" ", text).strip()


def template_exists(kind: str) -> bool:
    """Whether there is a text for this kind of message."""
    try:
        get_template(f"messages/{kind}.txt")
    except TemplateNotFound:
        return False
    return True

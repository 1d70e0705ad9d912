"""What people type about themselves. Each `read` raises Invalid with a message for each wrong field."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from typing import Any, Self

from civic.errors import Invalid
from civic.i18n import gettext as _

EMAIL = re.compile(r"[^@\s\x00-\x1f\"(),:;<>\[\\\]]{1,64}@[^@\s\x00-\x20_\"(),:;<>\[\\\]]{1,189}")
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 10, 200  # characters of a password
MAX_NAME_CHARS = 80


def clean_email(text: str) -> str:
    """As it is kept: lower case, without blanks around. Raises ValueError if it is none, or no mail could go there."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    if len(email) > 254 or not EMAIL.fullmatch(email) or email.endswith("."):
        raise ValueError(email)
    try:
        Address(addr_spec=email)  # as the mail's header will name it
    except (MessageError, IndexError) as error:  # its other refusals are ValueErrors
        raise ValueError(email) from error
    return email


def clean_name(text: str) -> str:
    """One line without control characters and without marks that turn the direction of what follows."""
    shown = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C" or c == " ")
    return " ".join(shown.split())


def check_password(password: str, email: str = "") -> str:
    """What is wrong with a new password; nothing if it will do."""
    if len(password) < MIN_PASSWORD_CHARS:
        return _("Please use at least %(n)s characters. A sentence works well.", n=MIN_PASSWORD_CHARS)
    if len(password) > MAX_PASSWORD_CHARS:
        return _("Please use at most %(n)s characters.", n=MAX_PASSWORD_CHARS)
    if len(set(password)) < 4 or password.lower() in (email, email.partition("@")[0]):
        return _("This is too easy to guess.")
    return ""


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class SignUpForm:
    email: str
    password: str
    name: str = ""

    @classmethod
    def read(cls, form: Mapping[str, Any]) -> Self:
        faults: dict[str, object] = {}
        email, name, password = _text(form, "email"), clean_name(_text(form, "name")), _text(form, "password")
        try:
            email = clean_email(email)
        except ValueError:
            faults["email"] = _("Please enter an e-mail address, such as name@example.org.")
        if fault := check_password(password, email):
            faults["password"] = fault
        if len(name) > MAX_NAME_CHARS:
            faults["name"] = _("Please use at most %(n)s characters.", n=MAX_NAME_CHARS)
        if faults:
            raise Invalid(fields=faults)
        return cls(email, password, name)


@dataclass(frozen=True)
class SignInForm:
    email: str
    password: str

    @classmethod
    def read(cls, form: Mapping[str, Any]) -> Self:
        """An e-mail that is none is kept as typed: it fails as any unknown one does."""
        email, password = _text(form, "email").strip().lower(), _text(form, "password")
        faults: dict[str, object] = {}
        if not email:
            faults["email"] = _("Please enter your e-mail address.")
        if not password:
            faults["password"] = _("Please enter your password.")
        if faults:
            raise Invalid(fields=faults)
        return cls(email[:254], password[:MAX_PASSWORD_CHARS])


@dataclass(frozen=True)
class ProfileForm:
    name: str
    language: str

    @classmethod
    def read(cls, form: Mapping[str, Any], languages: tuple[str, ...]) -> Self:
        name, language = clean_name(_text(form, "name")), _text(form, "language")
        faults: dict[str, object] = {}
        if len(name) > MAX_NAME_CHARS:
            faults["name"] = _("Please use at most %(n)s characters.", n=MAX_NAME_CHARS)
        if language and language not in languages:
            faults["language"] = _("This city does not offer this language.")
        if faults:
            raise Invalid(fields=faults)
        return cls(name, language)


@dataclass(frozen=True)
class NewPasswordForm:
    current: str
    password: str

    @classmethod
    def read(cls, form: Mapping[str, Any], email: str) -> Self:
        current, password = _text(form, "current"), _text(form, "password")
        faults: dict[str, object] = {}
        if not current:
            faults["current"] = _("Please enter your current password.")
        if fault := check_password(password, email):
            faults["password"] = fault
        if faults:
            raise Invalid(fields=faults)
        return cls(current[:MAX_PASSWORD_CHARS], password)

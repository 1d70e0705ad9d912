"""What people type about themselves."""

import unicodedata
from typing import Annotated

import email_validator
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, ValidationInfo, field_validator

from civic.forms import Form, context_of
from civic.i18n import gettext as _
from civic.text import JOINERS, UNSEEN_CHARACTERS, drop_unseen, is_seen

# A city may have its mail in a network of its own: one@city.local.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
MAX_EMAIL_CHARS = 254
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 10, 200
MIN_DIFFERENT_CHARS = 4  # of a password
MAX_NAME_CHARS = 80


def clean_email(text: str) -> str:
    """An e-mail address as it is kept: ASCII, lower case, without what nobody sees; the domain as DNS has it.

    So one address is one account, however it is typed or pasted: one@münchen.example is one@xn--mnchen-3ya.example.
    Raises ValueError if no mail could go there.
    """
    plain = unicodedata.normalize("NFKC", UNSEEN_CHARACTERS.sub("", text))
    email = plain.replace("。", ".").strip().lower()
    try:
        checked = validate_email(email, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(email) from error
    return f"{checked.local_part}@{checked.ascii_domain}"


def fold_email(text: str) -> str:
    """The address that somebody is looked up by: as `clean_email` has it, else as typed."""
    try:
        return clean_email(text)
    except ValueError:
        return text.strip().lower()[:MAX_EMAIL_CHARS]


def clean_name(text: str) -> str:
    """One line of what can be seen, without marks that turn the direction of what follows; "" if nothing can be."""
    plain = drop_unseen(unicodedata.normalize("NFC", text))
    shown = "".join(c for c in plain if unicodedata.category(c)[0] != "C" or c in JOINERS)
    return " ".join(shown.split()) if is_seen(shown) else ""


def check_password(password: str, email: str = "") -> str:
    """What is wrong with a new password, for the reader; empty if it can be used."""
    if len(password) < MIN_PASSWORD_CHARS:
        return _("Please use at least %(n)s characters. A sentence works well.", n=MIN_PASSWORD_CHARS)
    if len(password) > MAX_PASSWORD_CHARS:
        return _("Please use at most %(n)s characters.", n=MAX_PASSWORD_CHARS)
    if len(set(password)) < MIN_DIFFERENT_CHARS or password.lower() in (email, email.partition("@")[0]):
        return _("This is too easy to guess.")
    return ""


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_account_email(value: object) -> str:
    try:
        return clean_email(_text_or_empty(value))
    except ValueError:
        raise ValueError(_("Please enter an email address, such as name@example.org.")) from None


def _read_name(value: object) -> str:
    name = clean_name(_text_or_empty(value))
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(_("Please use at most %(n)s characters.", n=MAX_NAME_CHARS))
    return name


def _check_new_password(password: str, info: ValidationInfo) -> str:
    """`email` is the form's, or the signed-in person's from the context."""
    if fault := check_password(password, info.data.get("email") or context_of(info).get("email", "")):
        raise ValueError(fault)
    return password


Typed = Annotated[str, BeforeValidator(_text_or_empty)]  # as it was typed: a password keeps its blanks
AccountEmail = Annotated[str, BeforeValidator(_read_account_email)]
UserName = Annotated[str, BeforeValidator(_read_name)]
NewPassword = Annotated[Typed, AfterValidator(_check_new_password)]


class SignUpForm(Form):
    email: AccountEmail = ""
    password: NewPassword = ""
    name: UserName = ""


class SignInForm(Form):
    """An e-mail that is not valid is kept as typed: signing in fails as with any unknown one."""

    email: Typed = ""
    password: Typed = ""

    @field_validator("email")
    @classmethod
    def _need_email(cls, typed: str) -> str:
        if not (email := fold_email(typed)):
            raise ValueError(_("Please enter your email address."))
        return email

    @field_validator("password")
    @classmethod
    def _need_password(cls, password: str) -> str:
        if not password:
            raise ValueError(_("Please enter your password."))
        return password[:MAX_PASSWORD_CHARS]


class MailedLinkForm(Form):
    """Where a link to sign in is mailed to."""

    email: AccountEmail = ""


class EnterForm(Form):
    """What the page of such a link asks for: a new password, or none. The context's `email` is the person's."""

    password: Typed = ""

    @field_validator("password")
    @classmethod
    def _check(cls, password: str, info: ValidationInfo) -> str:
        return _check_new_password(password, info) if password else ""


class ProfileForm(Form):
    """The context's `languages` are those of the city."""

    name: UserName = ""
    language: Typed = ""

    @field_validator("language")
    @classmethod
    def _check_language(cls, language: str, info: ValidationInfo) -> str:
        if language and language not in context_of(info).get("languages", ()):
            raise ValueError(_("This city does not offer this language."))
        return language


class NewPasswordForm(Form):
    """The context's `email` is the person's, which is no password."""

    current: Typed = ""
    password: NewPassword = ""

    @field_validator("current")
    @classmethod
    def _need_current(cls, current: str) -> str:
        if not current:
            raise ValueError(_("Please enter your current password."))
        return current[:MAX_PASSWORD_CHARS]

"""Errors that carry their HTTP status. civic/error_responses.py renders them as page, fragment or JSON."""

from collections.abc import Mapping
from pathlib import Path

from civic.i18n import lazy as _


class CivicError(Exception):
    """Something that a person can be told. `message` is shown; `fields` maps a form field to its message."""

    status = 500
    message: object = _("Something went wrong on our side. Nothing was changed.")

    def __init__(self, message: object | None = None, *, fields: Mapping[str, object] | None = None) -> None:
        self.message = message if message is not None else type(self).message
        self.fields: dict[str, object] = dict(fields or {})
        super().__init__(str(self.message))


class BadRequest(CivicError):
    status = 400
    message = _("We could not read this request.")


class SignInNeeded(CivicError):
    """The route needs a signed-in person: a page redirects to /sign-in, JSON answers 401."""

    status = 401
    message = _("Please sign in first.")


class NotAllowed(CivicError):
    status = 403
    message = _("You are not allowed to do this.")


class NotFound(CivicError):
    status = 404
    message = _("This page does not exist, or is not public.")


class WrongMethod(CivicError):
    status = 405
    message = _("This address does not take that kind of request.")


class Conflict(CivicError):
    """Somebody else was first. The message says what changed."""

    status = 409
    message = _("Somebody else changed this a moment ago. Please look at what changed and try again.")


class TooLarge(CivicError):
    status = 413
    message = _("This is too large to be sent at once. Please send fewer or smaller photos.")


class TooSlow(CivicError):
    status = 408
    message = _("The rest of this did not arrive in time. Please check your connection and send it again.")


class WrongHost(CivicError):
    status = 421
    message = _("This site is not at this address.")


class Invalid(CivicError):
    """Wrong input: `fields` names each field and what is wrong with it."""

    status = 422
    message = _("Please correct what is marked below. Everything you entered was kept.")


class TooMany(CivicError):
    """`seconds`: after which it may be tried again, where that is known."""

    status = 429
    message = _("That was too many attempts. Please wait a little and try again.")

    def __init__(self, message: object | None = None, *, seconds: int = 0) -> None:
        self.seconds = seconds
        super().__init__(message)


class Busy(CivicError):
    status = 503
    message = _("We are very busy right now. Please try again in a minute.")


class StorageFull(Busy):
    """There is no space left on a disk."""

    message = _("There is no space left on our side to save this, so nothing was changed. Please try again later.")


class SetupError(CivicError):
    """The installation itself is wrong (configuration, database, pack); told to the operator: on stderr, in the log."""

    status = 503
    message = _("Civic cannot start.")


class CannotWrite(SetupError):
    """The program may not write where it has to: another account's folder, a disk that is full or read-only."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"Civic cannot write in {folder}: {error.strerror}. Run it as the user to whom that folder belongs, free "
            "space on its disk, or set CIVIC_PATHS__VAR to another folder."
        )


def headers_of(told: CivicError) -> dict[str, str]:
    """What an answer says besides: when to try again."""
    if told.status == 503:
        return {"Retry-After": "10"}
    if isinstance(told, TooMany) and told.seconds:
        return {"Retry-After": str(told.seconds)}
    if isinstance(told, TooSlow):
        return {"Connection": "close"}  # what still arrives of it is not waited for
    return {}

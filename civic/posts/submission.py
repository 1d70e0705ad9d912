"""One submission of a post of any kind: its form, photos, limit, key and receipt.

Whatever is refused (a wrong field, a used key, a limit, a session that has ended), a page gets back its form with
everything that was typed and every photo that was taken. A program gets the error.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from civic.accounts.people import Person
from civic.errors import Busy, CivicError, Conflict, Invalid, NotAllowed, NotFound, SignInNeeded, TooLarge, TooMany
from civic.forms import Form
from civic.i18n import gettext as _
from civic.media.queries import accepted_types
from civic.posts import receipts
from civic.posts.actions import Posted
from civic.posts.models import Visibility
from civic.posts.places import FormPlace, read_address, read_place
from civic.posts.receipts import SenderCodes
from civic.posts.schemas import Receipt, SentBeforeAnswer
from civic.posts.uploads import Uploads, photo_url_for, read_uploads, spend_or_hold
from civic.web import NO_STORE, json_answer, read_form, render, see_other, wants_json

# Refusals after which somebody can send the same form again. After others there is no page that could hold it.
CAN_SEND_AGAIN = (Invalid, NotAllowed, SignInNeeded, Conflict, TooLarge, TooMany, Busy)
# A gallery lets somebody choose more than a post takes; those above the limit are not read, and the page says so.
MAX_FORM_FILES = 50

F = TypeVar("F", bound=Form)


@dataclass
class Submission:
    """A form as somebody sent it, or an empty one. Pages show it by `context`."""

    request: Request
    form: FormData = field(default_factory=FormData)
    uploads: Uploads = field(default_factory=Uploads)
    error: CivicError | None = None  # why it was refused
    place: FormPlace | None = None  # once it was looked for

    @classmethod
    def of_address(cls, request: Request) -> "Submission":
        """An empty form; fields may be given in the address."""
        return cls(request, FormData([*request.query_params.multi_items()]))

    @property
    def person(self) -> Person:
        person: Person = self.request.state.person
        return person

    @property
    def channel(self) -> str:
        return "api" if wants_json(self.request) else "web"

    @property
    def status(self) -> int:
        return self.error.status if self.error else 200

    @property
    def signed_out(self) -> bool:
        """The session ended before the form was sent: nobody knows any more who it is."""
        return isinstance(self.error, SignInNeeded | NotAllowed) and not self.person.signed_in

    @property
    def errors(self) -> dict[str, object]:
        """Messages by field; one that is about no field stands at the text."""
        if self.error is None:
            return dict(self.uploads.errors)
        if self.signed_out:
            return {"text": _("You are signed out. Please sign in on another page, then send this again.")}
        return self.error.fields or {"text": self.error.message}

    @property
    def typed(self) -> dict[str, str]:
        """Everything typed, and the place that was found by it."""
        typed = {name: value for name, value in self.form.items() if isinstance(value, str)}
        if self.place and not self.place.unread:
            lat, lon, how = self.place.position or ("", "", "")
            typed |= {"lat": str(lat), "lon": str(lon), "located_by": how}
            typed["placed_address"] = read_address(typed) if self.place.settled else ""
        return typed

    @property
    def client_key(self) -> str:
        """The key of the form. A new one after a conflict: somebody wrote another post into the form of the first."""
        key = "" if isinstance(self.error, Conflict) else self.form.get("client_key")
        return key if isinstance(key, str) and key else secrets.token_urlsafe(18)

    def context(self) -> dict[str, Any]:
        """What templates need to show the form."""
        return {
            "typed": self.typed,
            "errors": self.errors,
            "photos": self.uploads.photos,
            "client_key": self.client_key,
            "sent": self,
            "limits": self.request.app.state.config.limits,
            "photo_url": photo_url_for(self.request),
            "photo_types": accepted_types(),
        }

    async def take_photos(self) -> None:
        """Take in the photos of the form; what is wrong with them is raised by `read`. Raises TooMany."""
        await read_uploads(self.request, self.form, self.uploads)

    async def find_place(self) -> FormPlace:
        """Where it is, by all that the form and its photos say about it."""
        if self.place is None:
            geocoder, program = self.request.app.state.config.geocoder, wants_json(self.request)
            self.place = await read_place(self.form, self.uploads.places, geocoder, program=program)
        return self.place

    def read(self, form: type[F], values: Mapping[str, Any] | None = None, **context: Any) -> F:
        """The form's fields, checked. Raises Invalid with all errors, those of the photos too."""
        context = {"max_text": self.request.app.state.config.limits.text, **context}
        try:
            checked = form.read(self.form if values is None else values, **context)
        except Invalid as error:
            raise Invalid(fields={**error.fields, **self.uploads.errors}) from None
        if self.uploads.errors:
            raise Invalid(fields=self.uploads.errors)
        return checked

    async def spend_limit(self) -> bool:
        """Count one more post, unless this form was taken before; True if it is held for a look. Raises TooMany."""
        return self.uploads.sent_before is None and await spend_or_hold(self.request, "post")

    def codes(self, client_key: str | None) -> SenderCodes:
        """The receipt codes by which this browser shows that it sent what has this key."""
        return receipts.sender_codes(self.request, client_key)

    def form_page(self, template: str, context: Mapping[str, object], *, fragment: str | None = None) -> Response:
        """The page with the form; the browser gets its mark, by which it is known when it sends the form again."""
        response = render(self.request, template, {**self.context(), **context}, fragment=fragment, status=self.status)
        receipts.mark_browser(self.request, response)
        return response

    async def accepted(self, posted: Posted[Any], answer: Callable[[], Awaitable[Receipt]] | None = None) -> Response:
        """303 to the post's page, or 201 and what `answer` gives for a program; the browser keeps the receipt.

        Who is not the author and sends a used key learns that it was used, and nothing of the post.
        """
        public = posted.post.visibility == Visibility.PUBLIC
        if answer and wants_json(self.request):
            response: Response = json_answer(await answer() if posted.own else SentBeforeAnswer(), 201, NO_STORE)
        elif posted.receipt and not public and not receipts.read_mark(self.request):
            # It may be a browser that takes no cookies, which could not open the page.
            response = render(self.request, "posts/sent.html", {"posted": posted}, status=201, headers=NO_STORE)
        else:
            response = see_other(posted.path if posted.own or public else "/receipt")
        if posted.receipt:
            receipts.remember_code(self.request, response, posted.receipt)
        return response


Act = Callable[[Submission], Awaitable[Response]]


class FormView(Protocol):
    """A view that takes a form; `refused` is why the route refused it (see `web.route`)."""

    def __call__(self, request: Request, refused: CivicError | None = None) -> Awaitable[Response]: ...


async def submit(request: Request, act: Act, form_page: Act, *, refused: CivicError | None = None) -> Response:
    """Carry out what a form asks; where it is refused, show `form_page` with everything that was typed.

    `refused` is why the route itself refused the request: the form is read for the page only.
    """
    sent = Submission(request)
    try:
        sent.form = await read_form(request, max_files=MAX_FORM_FILES)
        if refused:
            raise refused
        if sent.form.get("remove") and not wants_json(request):  # without a script: a photo is taken out
            await sent.take_photos()
            return await form_page(sent)
        return await act(sent)
    except CAN_SEND_AGAIN as error:
        if wants_json(request):
            raise
        sent.error = error
    try:
        return await form_page(sent)
    except NotFound:  # no page of theirs could hold the form
        raise sent.error from None

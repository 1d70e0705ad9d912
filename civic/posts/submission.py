"""One submission of a post of any kind: its form, photos, limit, key and receipt.

Whatever is refused (a wrong field, a used key, a limit), a page gets back its form with everything that was typed and
every photo that was taken; where somebody has to sign in first, it waits for that (`accounts/kept_forms.py`). A program
gets the error.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from civic import logs
from civic.accounts.kept_forms import UnsentForm, find_kept_form, keep_form
from civic.accounts.people import Person
from civic.cookies import browser_mark, mark_browser, read_mark
from civic.disk import report_full_storage
from civic.errors import (
    Busy,
    CivicError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    SignInNeeded,
    StorageFull,
    TooLarge,
    TooMany,
    headers_of,
)
from civic.forms import Form
from civic.i18n import lazy as _
from civic.media.queries import accepted_types
from civic.posts import receipts
from civic.posts.actions import Posted
from civic.posts.models import Visibility
from civic.posts.places import FormPlace, name_place, read_address, read_place
from civic.posts.receipts import SenderCodes
from civic.posts.schemas import Receipt, SentBeforeAnswer
from civic.posts.sent_forms import NO_KEY, FormKey, UsedKey, act_once, is_used
from civic.posts.uploads import Uploads, drop_added, photo_url_for, read_uploads, spend_limit, spend_or_hold
from civic.shared_answers import is_shared
from civic.web import (
    CLIENT_KEY,
    NO_STORE,
    go_to,
    is_kept_form,
    json_answer,
    local_path,
    note_taken,
    read_form,
    render,
    see_other,
    text_items,
    wants_json,
)

log = logs.get_logger(__name__)

# Refusals after which somebody can send the same form again. After others there is no page that could hold it.
CAN_SEND_AGAIN = (Invalid, NotAllowed, SignInNeeded, Conflict, TooLarge, TooMany, Busy)
# A gallery lets somebody choose more than a post takes; those above the limit are not read, and the page says so.
MAX_FORM_FILES = 50
HELD_BEYOND_THE_LIMIT = frozenset({"comment"})  # of what `act_once` does; nobody reads it until a moderator shows it
# What says nothing of its own in a form that is sent: the same form sent again has it, or another of it.
BESIDE_THE_CONTENT = frozenset({"client_key", "form_name", "page", "seen", "back", "from", "written_by"})

WRITTEN_BY = "written_by"  # the id of the person who wrote a form that waited on a phone, 0 without an account

F = TypeVar("F", bound=Form)


class WrittenByAnother(Conflict):
    message = _("This was written in another account, or without one. Nothing was sent in your name.")


@dataclass
class Submission:
    """A form as somebody sent it, or an empty one. Pages show it by `context`."""

    request: Request
    form: FormData = field(default_factory=FormData)
    uploads: Uploads = field(default_factory=Uploads)
    error: CivicError | None = None  # why it was refused
    place: FormPlace | None = None  # once it was looked for
    waited: bool = False  # it was kept while its page was shown in another language or print, or its sender signed in

    @classmethod
    async def of_page(cls, request: Request, *, fields: bool = False) -> "Submission":
        """The form of a page that is opened: empty, or the one that waits for this page.

        `fields`: some may be given in the address.
        """
        if unsent := await find_kept_form(request, request.query_params.get("kept-form", "")):
            sent = cls(request, FormData([*unsent.fields]), waited=True)
            await sent.take_photos()
            return sent
        return cls(request, FormData([*request.query_params.multi_items()] if fields else []))

    @property
    def name(self) -> str:
        """Which form of its page it is: as it says itself, or the end of the address to which it was sent."""
        given = self.form.get("form_name")
        if isinstance(given, str) and given:
            return given
        return self.request.url.path.rpartition("/")[2] if self.request.method == "POST" else ""

    def at(self, *names: str) -> "Submission":
        """What a page with several forms shows in the one of these names: this, if it was sent there, or nothing."""
        return self if self.name in names else Submission(self.request)

    @property
    def came_back(self) -> bool:
        """Whether the page shows what somebody sent: its script then has no older draft for it."""
        return self.waited or (self.request.method == "POST" and bool(self.form))

    @property
    def person(self) -> Person:
        person: Person = self.request.state.person
        return person

    @property
    def has_files(self) -> bool:
        """Whether photos come with it."""
        return any(isinstance(one, UploadFile) and one.filename for one in self.form.getlist("photos"))

    @property
    def channel(self) -> str:
        """A page's script takes JSON, too, and says who wrote the form."""
        return "api" if wants_json(self.request) and WRITTEN_BY not in self.form else "web"

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
        """The key of the form. A new one after a conflict: somebody wrote another post into the form of the first.

        None of a page that others get too: what is sent from there waits first until its sender has signed in.
        """
        if is_shared(self.request):
            return ""
        key = "" if isinstance(self.error, UsedKey) else self.form.get("client_key")
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

    def refuse_another_writer(self) -> None:
        """Raises WrittenByAnother for a form that waited on a phone and was written in another name."""
        written_by = self.form.get(WRITTEN_BY, "")
        if written_by not in ("", str(self.person.id)):
            raise WrittenByAnother()

    async def drop_added_photos(self) -> None:
        """Take back the photos that came with this request, so that what was refused takes no space."""
        try:
            await drop_added(self.request, self.uploads)
        except Exception as error:  # the database's disk may be as full; they are tidied away a day later
            log.warning("photos of a refused form stay for a day", kind=type(error).__name__)

    async def find_place(self, *, named: bool = False) -> FormPlace:
        """Where it is, by all that the form and its photos say about it; `named` for a page, which shows its name."""
        if self.place is None:
            geocoder, program = self.request.app.state.config.geocoder, self.channel == "api"
            self.place = await read_place(self.form, self.uploads.places, geocoder, program=program)
        if named:
            self.place = await name_place(self.place)
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

    async def act_once(self, act: Callable[[bool], Awaitable[object]], limited: str = "", times: int = 1) -> bool:
        """Carry out what the form asks, unless it was carried out before; then nothing counts against the limit.

        `act` learns whether it is held for a look, as beyond `times` as many of what is `limited` as posts in an hour;
        of what cannot be held the limit refuses. Says whether it is held. Raises TooMany, and UsedKey.
        """
        key, held = self._form_key(), False
        todo: Callable[[], Awaitable[object]] = lambda: act(held)  # noqa: E731
        if limited and not await is_used(key):
            try:
                held = await self._spend(limited, times)
            except TooMany as error:
                todo = partial(_refuse, error)  # unless the same form is being carried out just now
        await act_once(key, todo)
        note_taken(self.request, self.form.get("client_key"))
        return held

    async def _spend(self, limited: str, times: int) -> bool:
        if limited in HELD_BEYOND_THE_LIMIT:
            return await spend_or_hold(self.request, limited, times)
        await spend_limit(self.request, limited, times)
        return False

    def _form_key(self) -> FormKey:
        key = self.form.get("client_key")
        if not isinstance(key, str) or not CLIENT_KEY.fullmatch(key):
            return NO_KEY
        sender = f"user {self.person.id}" if self.person.signed_in else browser_mark(self.request)
        said = [(name, value) for name, value in text_items(self.form) if name not in BESIDE_THE_CONTENT]
        files = [one for one in self.form.getlist("photos") if isinstance(one, UploadFile) and one.filename]
        content = urlencode(said + [("photo", f"{one.filename} {one.size}") for one in files])
        return FormKey.of(key, sender, self.request.url.path, content)

    async def spend_limit(self) -> bool:
        """Count one more post, unless this form was taken before; True if it is held for a look. Raises TooMany."""
        return self.uploads.sent_before is None and await spend_or_hold(self.request, "post")

    def codes(self, client_key: str | None) -> SenderCodes:
        """The receipt codes by which this browser shows that it sent what has this key."""
        return receipts.sender_codes(self.request, client_key)

    def form_page(
        self,
        template: str,
        context: Mapping[str, object],
        *,
        fragment: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The page with the form; the browser gets its mark, by which it is known when it sends the form again."""
        context = {**self.context(), **context}
        headers = {**(headers or {}), **(headers_of(self.error) if self.error else {})}
        response = render(self.request, template, context, fragment=fragment, status=self.status, headers=headers)
        if not is_shared(self.request):
            mark_browser(self.request, response)
        return response

    async def accepted(self, posted: Posted[Any], answer: Callable[[], Awaitable[Receipt]] | None = None) -> Response:
        """303 to the post's page, or 201 and what `answer` gives for a program; the browser keeps the receipt.

        Who is not the author and sends a used key learns that it was used, and nothing of the post.
        """
        public = posted.post.visibility == Visibility.PUBLIC
        if answer and wants_json(self.request):
            response: Response = json_answer(await answer() if posted.own else SentBeforeAnswer(), 201, NO_STORE)
        elif posted.receipt and not public and not read_mark(self.request):
            # It may be a browser that takes no cookies, which could not open the page.
            response = render(self.request, "posts/sent.html", {"posted": posted}, status=201, headers=NO_STORE)
        else:
            response = see_other(posted.path if posted.own or public else "/receipt")
        note_taken(self.request, self.form.get("client_key"))
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
        with report_full_storage():
            sent.form = await read_form(request, max_files=MAX_FORM_FILES)
            if refused:
                raise refused
            sent.refuse_another_writer()
            # Without a script: a photo is taken out, or place, the category's questions or similar posts are looked up.
            if (sent.form.get("remove") or sent.form.get("show")) and not wants_json(request):
                await sent.take_photos()
                return await form_page(sent)
            return await act(sent)
    except CAN_SEND_AGAIN as error:
        if isinstance(error, StorageFull):
            await sent.drop_added_photos()
        if wants_json(request):
            raise
        sent.error = error
        if sent.signed_out:
            return await keep_until_signed_in(sent)
    try:
        return await form_page(sent)
    except NotFound:  # no page of theirs could hold the form
        raise sent.error from None


async def _refuse(error: CivicError) -> None:
    raise error


async def keep_until_signed_in(sent: Submission) -> Response:
    """On to the page to sign in; there the form waits, with its photos, and is carried out afterwards."""
    request = sent.request
    path = request.url.path
    following = path if is_kept_form(path) else (await keep_sent_form(sent, address=path)).path
    response = go_to(request, "/sign-in?" + urlencode({"next": following}))
    mark_browser(request, response)
    return response


async def keep_sent_form(sent: Submission, *, address: str = "") -> UnsentForm:
    """Let a form wait, with its photos: for its page, or with an `address` to be sent there."""
    await sent.take_photos()
    fields = [(name, value) for name, value in text_items(sent.form) if name != "kept"]
    fields += [("kept", photo.name) for photo in sent.uploads.photos]
    page = local_path(str(sent.form.get("page") or ""), _referring_page(sent.request))
    return await keep_form(sent.request, address, page, fields)


def _referring_page(request: Request) -> str:
    """The page on which a form stood that does not say it."""
    return local_path(urlsplit(request.headers.get("referer", "")).path)

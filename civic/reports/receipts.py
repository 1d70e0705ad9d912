"""Opening one's own report with its receipt code: typed, or by the link of a mail.

A link changes nothing until its page's button is pressed: programs that read mail open links, and other sites do.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from civic.accounts import limits
from civic.errors import CivicError, Invalid, NotFound, TooMany
from civic.i18n import gettext as _
from civic.posts import receipts
from civic.posts.queries import Viewer, post_by_code
from civic.posts.uploads import spend_limit
from civic.reports.confirmation import confirm_email, send_receipt_again
from civic.web import Who, is_kept_form, local_path, read_form, render, route, see_other

MAX_WRONG_CODES_PER_HOUR = 30


async def receipt_form(request: Request) -> Response:
    return _form_page(request, following=local_path(request.query_params.get("next"), ""))


def _form_page(request: Request, code: str = "", error: CivicError | None = None, following: str = "") -> Response:
    context = {
        "code": code,
        "errors": error.fields if error else {},
        "message": error.message if error else "",
        "next": following,
    }
    return render(request, "reports/receipt.html", context, status=error.status if error else 200)


async def follow(request: Request) -> Response:
    """GET /r/CODE, the link of a mail or receipt: a button that opens the report, whether there is one or not."""
    code = receipts.format_code(request.path_params["code"])
    if not receipts.CODE.fullmatch(code):
        raise NotFound()
    context = {"code": code, "confirm": request.query_params.get("confirm", "")}
    return render(request, "reports/follow.html", context, headers={"Cache-Control": "no-store"})


async def open_report(request: Request) -> Response:
    """POST /receipt: on to the post's page, and this browser gets its author's rights.

    With what the link of a mail has in `confirm`, the address of the mail is confirmed.
    """
    form = await read_form(request)
    code, token = receipts.format_code(str(form.get("code") or "")), str(form.get("confirm") or "")
    address = request.client.host if request.client else ""
    try:
        await limits.spend("receipt", address, MAX_WRONG_CODES_PER_HOUR)
        if (post := await post_by_code(code)) is None:
            raise Invalid(fields={"code": _("We cannot find this code. A code has twelve letters and digits.")})
    except (Invalid, TooMany) as error:
        return _form_page(request, code, error, local_path(str(form.get("next") or ""), ""))
    await limits.refund("receipt", address)
    confirmed = await confirm_email(post.id, token) if token else None
    following = local_path(str(form.get("next") or ""), "")
    response: Response = see_other(
        post.path + ("" if confirmed is None else f"?mail={'confirmed' if confirmed else 'old'}")
    )
    if is_kept_form(following):  # what waited for the code is carried out there
        response = RedirectResponse(following, 307)
    receipts.remember_code(request, response, code)
    return response


async def send_mail_again(request: Request) -> Response:
    """The author asks for another mail to confirm their address. Few a day are sent to an address, whoever asks."""
    await spend_limit(request, "mail")
    await send_receipt_again(request.path_params["id"], Viewer.of(request.state.person, request.state.receipts))
    return see_other(f"/reports/{request.path_params['id']}?mail=sent")


routes: list[BaseRoute] = [
    route("/receipt", receipt_form, who=Who.ANYONE),
    route("/receipt", open_report, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}/confirm-mail", send_mail_again, who=Who.ANYONE, methods=("POST",)),
    route("/r/{code:str}", follow, who=Who.ANYONE),
]

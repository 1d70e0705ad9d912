"""Opening one's own report with its receipt code: typed, or by the link of a mail.

A link changes nothing until its page's button is pressed: programs that read mail open links, and other sites do.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.accounts import limits
from civic.errors import CivicError, Invalid, NotFound, TooMany
from civic.i18n import gettext as _
from civic.posts import receipts
from civic.posts.queries import post_by_code
from civic.web import Who, read_form, render, route, see_other

MAX_WRONG_CODES_PER_HOUR = 30


async def receipt_form(request: Request) -> Response:
    return _form_page(request)


def _form_page(request: Request, code: str = "", error: CivicError | None = None) -> Response:
    context = {"code": code, "errors": error.fields if error else {}, "message": error.message if error else ""}
    return render(request, "reports/receipt.html", context, status=error.status if error else 200)


async def follow(request: Request) -> Response:
    """GET /r/CODE, the link of a mail or receipt: a button that opens the report, whether there is one or not."""
    code = receipts.format_code(request.path_params["code"])
    if not receipts.CODE.fullmatch(code):
        raise NotFound()
    return render(request, "reports/follow.html", {"code": code}, headers={"Cache-Control": "no-store"})


async def open_report(request: Request) -> Response:
    """POST /receipt: on to the post's page, and this browser gets its author's rights."""
    code = receipts.format_code(str((await read_form(request)).get("code") or ""))
    address = request.client.host if request.client else ""
    try:
        await limits.spend("receipt", address, MAX_WRONG_CODES_PER_HOUR)
        if (post := await post_by_code(code)) is None:
            raise Invalid(fields={"code": _("We do not know this code. It has twelve letters and digits.")})
    except (Invalid, TooMany) as error:
        return _form_page(request, code, error)
    await limits.refund("receipt", address)
    response = see_other(post.path)
    receipts.remember_code(request, response, code)
    return response


routes: list[BaseRoute] = [
    route("/receipt", receipt_form, who=Who.ANYONE),
    route("/receipt", open_report, who=Who.ANYONE, methods=("POST",)),
    route("/r/{code:str}", follow, who=Who.ANYONE),
]

"""Comments, votes, flags and moderation, for posts of every kind."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import Invalid, NotFound
from civic.i18n import lazy as _
from civic.posts import actions, queries
from civic.posts.queries import Viewer
from civic.posts.uploads import spend_limit
from civic.web import Who, answer_json, is_htmx, parse_id, read_form, render, route, see_other, wants_json

REASONS = {
    "spam": _("Advertising or spam"),
    "abuse": _("Insult, hate or threat"),
    "personal_data": _("Shows somebody's personal data"),
    "wrong": _("Not true, or not here"),
    "other": _("Something else"),
}


def viewer(request: Request) -> Viewer:
    return Viewer.of(request.state.person, request.state.receipts)


def _post_id(request: Request) -> int:
    return int(request.path_params["id"])


async def _after(request: Request, status: int = 200, **error: object) -> Response:
    """The talk block for htmx, its numbers for a program, else back to the post's page."""
    post = await queries.visible_post(_post_id(request), viewer(request))
    if wants_json(request):
        return answer_json({"id": post.id, "votes": post.votes_count, "comments": post.comments_count}, status)
    if is_htmx(request) or error:
        talk = await queries.read_discussion(post, viewer(request))
        page = "posts/_talk.html" if is_htmx(request) else "posts/talk.html"
        return render(request, page, {"talk": talk, **error}, status=status)
    return see_other(post.path if "#" in post.path else post.path + "#talk")


async def add_comment(request: Request) -> Response:
    form = await read_form(request)
    person = request.state.person
    await spend_limit(request, "comment", 2)
    try:
        await actions.add_comment(
            _post_id(request),
            person,
            str(form.get("text", "")),
            suggestion=bool(form.get("suggestion")),
            department_id=parse_id(form.get("department")),
        )
    except Invalid as error:
        if wants_json(request):
            raise
        return await _after(request, 422, errors=error.fields, typed=str(form.get("text", "")))
    return await _after(request, 201 if wants_json(request) else 200)


async def vote(request: Request) -> Response:
    await actions.vote(_post_id(request), request.state.person)
    return await _after(request)


async def unvote(request: Request) -> Response:
    await actions.unvote(_post_id(request), request.state.person)
    return await _after(request)


async def flag_form(request: Request) -> Response:
    post = await queries.visible_post(_post_id(request), viewer(request))
    if wants_json(request):
        return answer_json({"reasons": {code: str(word) for code, word in REASONS.items()}})
    context = {
        "post": post,
        "comment": request.query_params.get("comment", ""),
        "reasons": REASONS,
        "errors": {},
    }
    return render(request, "posts/flag.html", context)


async def flag(request: Request) -> Response:
    form = await read_form(request)
    comment = str(form.get("comment") or "")
    await spend_limit(request, "flag")
    post = await queries.visible_post(_post_id(request), viewer(request))
    try:
        await actions.add_flag(
            post.id,
            request.state.person,
            str(form.get("reason") or ""),
            str(form.get("text") or ""),
            comment_id=parse_id(comment),
        )
    except Invalid as error:
        if wants_json(request):
            raise
        context = {"post": post, "comment": comment, "reasons": REASONS, "errors": error.fields}
        return render(request, "posts/flag.html", context, status=422)
    if wants_json(request):
        return answer_json({"flagged": True}, 201)
    return render(request, "posts/flagged.html", {"post": post})


async def moderation(request: Request) -> Response:
    flagged, log = await queries.open_flags(), await queries.moderation_log()
    if wants_json(request):
        return answer_json({"flagged": [_flagged_json(one) for one in flagged]})
    context = {"flagged": flagged, "log": log, "reasons": REASONS}
    return render(request, "posts/moderation.html", context)


def _flagged_json(one: queries.FlagView) -> dict[str, object]:
    about = {"post": one.post_id, "comment": one.comment_id, "url": one.path, "kind": one.kind, "text": one.text}
    return about | {"hidden": one.hidden, "reasons": one.reasons, "count": one.count, "since": one.since.isoformat()}


async def moderate(request: Request) -> Response:
    """hide, restore or keep the post `post` (or its comment `comment`)."""
    form = await read_form(request)
    act = {"hide": actions.hide, "restore": actions.restore}.get(request.path_params["act"])
    post_id, comment_id = parse_id(form.get("post")), parse_id(form.get("comment"))
    if post_id is None or request.path_params["act"] not in ("hide", "restore", "keep"):
        raise NotFound()
    text = str(form.get("text") or "")
    if act is None:
        await actions.dismiss_flags(post_id, request.state.person, text, comment_id=comment_id)
    else:
        await act(post_id, request.state.person, str(form.get("reason") or ""), text, comment_id=comment_id)
    return answer_json({"done": True}) if wants_json(request) else see_other("/desk/moderation")


routes: list[BaseRoute] = [
    route("/posts/{id:int}/comments", add_comment, who=Who.SIGNED_IN, methods=("POST",)),
    route("/posts/{id:int}/vote", vote, who=Who.SIGNED_IN, methods=("POST",)),
    route("/posts/{id:int}/unvote", unvote, who=Who.SIGNED_IN, methods=("POST",)),
    route("/posts/{id:int}/flag", flag_form, who=Who.ANYONE),
    route("/posts/{id:int}/flag", flag, who=Who.ANYONE, methods=("POST",)),
    route("/desk/moderation", moderation, who=Who.DISPATCHER),
    route("/desk/moderation/{act:str}", moderate, who=Who.DISPATCHER, methods=("POST",)),
]

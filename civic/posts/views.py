"""Comments, votes, flags and moderation, for posts of every kind."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import CivicError, NotFound
from civic.i18n import lazy as _
from civic.posts import actions, queries
from civic.posts.forms import CommentForm, FlagForm
from civic.posts.queries import Viewer
from civic.posts.schemas import (
    FlagAnswer,
    FlaggedAnswer,
    FlaggedItem,
    FlagReasonsAnswer,
    ModerationAnswer,
    PostCountsAnswer,
)
from civic.posts.submission import Submission, submit
from civic.posts.uploads import spend_limit
from civic.web import Who, is_htmx, json_answer, parse_id, read_form, render, route, see_other, wants_json

COMMENTS_PER_POST = 2  # times as many comments as posts in an hour
VOTES_PER_POST = 4  # the same, given and taken back
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


async def _discussion(request: Request, sent: Submission | None = None, status: int = 200) -> Response:
    """The comments for htmx, their numbers for a program, else back to the post's page; a refused comment is kept."""
    post = await queries.visible_post(_post_id(request), viewer(request))
    if wants_json(request):
        return json_answer(PostCountsAnswer(id=post.id, votes=post.votes_count, comments=post.comments_count), status)
    if is_htmx(request) or sent:
        talk = await queries.read_discussion(post, viewer(request))
        page = "posts/_talk.html" if is_htmx(request) else "posts/talk.html"
        return render(request, page, {"talk": talk, "refused_comment": sent}, status=sent.status if sent else 200)
    return see_other(post.path if "#" in post.path else post.path + "#talk")


async def add_comment(request: Request, refused: CivicError | None = None) -> Response:
    async def act(sent: Submission) -> Response:
        await spend_limit(request, "comment", COMMENTS_PER_POST)
        await actions.add_comment(_post_id(request), sent.person, sent.read(CommentForm))
        return await _discussion(request, status=201)

    return await submit(request, act, lambda sent: _discussion(request, sent), refused=refused)


async def vote(request: Request) -> Response:
    await spend_limit(request, "vote", VOTES_PER_POST)
    await actions.vote(_post_id(request), request.state.person)
    return await _discussion(request)


async def unvote(request: Request) -> Response:
    await spend_limit(request, "vote", VOTES_PER_POST)
    await actions.unvote(_post_id(request), request.state.person)
    return await _discussion(request)


async def flag_form(request: Request) -> Response:
    if wants_json(request):
        await queries.visible_post(_post_id(request), viewer(request))
        return json_answer(FlagReasonsAnswer(reasons={code: str(word) for code, word in REASONS.items()}))
    return await _flag_page(Submission.of_address(request))


async def _flag_page(sent: Submission) -> Response:
    post = await queries.visible_post(_post_id(sent.request), viewer(sent.request))
    context = {"post": post, "reasons": REASONS, **sent.context()}
    return render(sent.request, "posts/flag.html", context, status=sent.status)


async def flag(request: Request) -> Response:
    async def act(sent: Submission) -> Response:
        await spend_limit(request, "flag")
        post = await queries.visible_post(_post_id(request), viewer(request))
        await actions.add_flag(post.id, sent.person, sent.read(FlagForm))
        if wants_json(request):
            return json_answer(FlagAnswer(), 201)
        return render(request, "posts/flagged.html", {"post": post})

    return await submit(request, act, _flag_page)


async def moderation(request: Request) -> Response:
    flagged, log = await queries.open_flags(), await queries.moderation_log()
    if wants_json(request):
        return json_answer(FlaggedAnswer(flagged=[FlaggedItem.of(one) for one in flagged]))
    context = {"flagged": flagged, "log": log, "reasons": REASONS}
    return render(request, "posts/moderation.html", context)


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
    return json_answer(ModerationAnswer()) if wants_json(request) else see_other("/desk/moderation")


routes: list[BaseRoute] = [
    route(
        "/posts/{id:int}/comments",
        add_comment,
        who=Who.SIGNED_IN,
        methods=("POST",),
        takes=CommentForm,
        answers=PostCountsAnswer,
        status=201,
        refused=add_comment,
    ),
    route("/posts/{id:int}/vote", vote, who=Who.SIGNED_IN, methods=("POST",), answers=PostCountsAnswer),
    route("/posts/{id:int}/unvote", unvote, who=Who.SIGNED_IN, methods=("POST",), answers=PostCountsAnswer),
    route("/posts/{id:int}/flag", flag_form, who=Who.ANYONE, answers=FlagReasonsAnswer),
    route(
        "/posts/{id:int}/flag",
        flag,
        who=Who.ANYONE,
        methods=("POST",),
        takes=FlagForm,
        answers=FlagAnswer,
        status=201,
    ),
    route("/desk/moderation", moderation, who=Who.DISPATCHER, answers=FlaggedAnswer),
    route(
        "/desk/moderation/{act:str}",
        moderate,
        who=Who.DISPATCHER,
        methods=("POST",),
        answers=ModerationAnswer,
    ),
]

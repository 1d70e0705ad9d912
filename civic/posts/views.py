"""Comments, votes, flags and moderation, for posts of every kind."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import CivicError, NotFound
from civic.posts import actions, kept_forms, moderation, my_posts, queries
from civic.posts.forms import MAX_LINE_CHARS, CommentForm, FlagForm
from civic.posts.lines import get_line
from civic.posts.models import REASONS, Comment
from civic.posts.queries import Viewer
from civic.posts.schemas import (
    CommentAnswer,
    FlagAnswer,
    FlaggedAnswer,
    FlaggedItem,
    FlagReasonsAnswer,
    HeldAnswer,
    ModerationAnswer,
    PostCountsAnswer,
)
from civic.posts.submission import Submission, submit
from civic.posts.uploads import spend_limit
from civic.web import Who, is_htmx, json_answer, local_path, parse_id, read_form, render, route, see_other, wants_json

COMMENTS_PER_POST = 2  # times as many comments as posts in an hour
VOTES_PER_POST = 4  # the same, given and taken back


def viewer(request: Request) -> Viewer:
    return Viewer.of(request.state.person, request.state.receipts)


def _post_id(request: Request) -> int:
    return int(request.path_params["id"])


async def _discussion(
    request: Request, sent: Submission | None = None, status: int = 200, *, written: Comment | None = None
) -> Response:
    """The comments for htmx, their numbers for a program, else back to the post's page; a refused comment is kept.

    One that was `written` just now is named.
    """
    post = await queries.visible_post(_post_id(request), viewer(request))
    if wants_json(request):
        counts = PostCountsAnswer(id=post.id, votes=post.votes_count, comments=post.comments_count)
        return json_answer(CommentAnswer(**dict(counts), held=written.held) if written else counts, status)
    if is_htmx(request) or sent:
        talk = await queries.read_discussion(post, viewer(request))
        page = "posts/_talk.html" if is_htmx(request) else "posts/talk.html"
        sent = sent or Submission(request)
        return render(request, page, {"talk": talk, "sent": sent, "written": written}, status=sent.status)
    anchor = f"#comment-{written.id}" if written else "#talk"
    return see_other(post.path if "#" in post.path else post.path + anchor)


async def add_comment(request: Request, refused: CivicError | None = None) -> Response:
    async def act(sent: Submission) -> Response:
        form = sent.read(CommentForm)
        await sent.act_once(
            lambda held: actions.add_comment(_post_id(request), sent.person, form, held=held),
            "comment",
            COMMENTS_PER_POST,
        )
        # Also if it was sent before.
        written = await queries.find_own_comment(_post_id(request), sent.person.id, form.text)
        return await _discussion(request, status=201, written=written)

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
    return await _flag_page(await Submission.of_page(request, fields=True))


async def _flag_page(sent: Submission) -> Response:
    post = await queries.visible_post(_post_id(sent.request), viewer(sent.request))
    quoted = await moderation.quote_flagged(post, sent.typed.get("line", ""), parse_id(sent.typed.get("comment")))
    return sent.form_page("posts/flag.html", {"post": post, "quoted": quoted, "reasons": REASONS})


async def flag(request: Request) -> Response:
    async def act(sent: Submission) -> Response:
        post = await queries.visible_post(_post_id(request), viewer(request))
        form = sent.read(FlagForm)
        await sent.act_once(lambda _held: moderation.add_flag(post.id, sent.person, form), "flag")
        if wants_json(request):
            return json_answer(FlagAnswer(), 201)
        return render(request, "posts/flagged.html", {"post": post})

    return await submit(request, act, _flag_page)


async def moderation_page(request: Request) -> Response:
    flagged, held = await queries.open_flags(), await queries.held_posts()
    if wants_json(request):
        items = [FlaggedItem.of(one) for one in flagged]
        return json_answer(FlaggedAnswer(flagged=items, held=[HeldAnswer.of(one) for one in held.items]))
    sent, log = await Submission.of_page(request), await queries.moderation_log()
    context = {"flagged": flagged, "held": held, "log": log, "reasons": REASONS, **sent.context()}
    return render(request, "posts/moderation.html", context)


async def moderate(request: Request) -> Response:
    """hide, restore, release, erase or keep the post `post`, its comment `comment`, or the line `line` of a history."""
    form, person, name = await read_form(request), request.state.person, request.path_params["act"]
    action = {"hide": moderation.hide, "restore": moderation.restore, "erase": moderation.erase}.get(name)
    line = str(form.get("line") or "")[:MAX_LINE_CHARS]
    post_id = (await get_line(line)).post_ids[0] if line else parse_id(form.get("post"))
    comment = "" if line else form.get("comment") or ""
    if (
        post_id is None
        or (action is None and name not in ("keep", "release"))
        or (comment and parse_id(comment) is None)
    ):
        raise NotFound()
    text, reason, comment_id = str(form.get("text") or ""), str(form.get("reason") or ""), parse_id(comment)

    async def act(_held: bool) -> None:
        if name == "release":
            await moderation.release(post_id, person, text, comment_id=comment_id)
        elif action is None:
            await moderation.dismiss_flags(post_id, person, text, comment_id=comment_id, line=line)
        else:
            await action(post_id, person, reason, text, comment_id=comment_id, line=line)

    await Submission(request, form).act_once(act)
    return _moderated(request, str(form.get("back") or ""), name)


async def withdraw(request: Request) -> Response:
    """A department hides the line `line` of its own, as it shows somebody's personal data; the moderators are told."""
    form = await read_form(request)
    line, text = str(form.get("line") or "")[:MAX_LINE_CHARS], str(form.get("text") or "")
    sent = Submission(request, form)
    await sent.act_once(lambda _held: moderation.withdraw_line(line, sent.person, text))
    return _moderated(request, str(form.get("back") or ""), "hide")


def _moderated(request: Request, back: str, name: str) -> Response:
    if wants_json(request):
        return json_answer(ModerationAnswer())
    return see_other(local_path(back, f"/desk/moderation?done={name}"))


routes: list[BaseRoute] = [
    route(
        "/posts/{id:int}/comments",
        add_comment,
        who=Who.SIGNED_IN,
        methods=("POST",),
        takes=CommentForm,
        answers=CommentAnswer,
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
    *kept_forms.routes,
    *my_posts.routes,
    route("/desk/moderation", moderation_page, who=Who.DISPATCHER, answers=FlaggedAnswer),
    route("/desk/lines/withdraw", withdraw, who=Who.STAFF, methods=("POST",), answers=ModerationAnswer),
    route(
        "/desk/moderation/{act:str}",
        moderate,
        who=Who.DISPATCHER,
        methods=("POST",),
        answers=ModerationAnswer,
    ),
]

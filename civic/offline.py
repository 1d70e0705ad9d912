"""What works without a network: the service worker, the page that it shows, and in whose name waiting reports go out.

The worker keeps public pages only: it asks for them without cookies, as a stranger would. What waits on the phone is in
the browser's database alone (static/js/waiting.js); the server learns of it when it is sent.
"""

import hashlib
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.cookies import mark_browser
from civic.schemas import Schema
from civic.static import ASK_AGAIN, FOLDER, file_version, static_url
from civic.web import NO_STORE, Who, json_answer, render, route

WORKER_SCRIPTS = ("js/waiting.js", "js/sending.js", "js/worker.js")


class SenderAnswer(Schema):
    """In whose name a form that waited would be sent now: the id of a person, 0 without an account."""

    person: int


def release() -> str:
    """A digest of all files of static/: it changes with any of them, and the service worker with it."""
    names = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
    return hashlib.sha256("".join(f"{name} {file_version(name)}\n" for name in names).encode()).hexdigest()[:12]


async def show_worker(request: Request) -> Response:
    """GET /sw.js: the worker of the whole site. Browsers ask for it again on each visit, at the latest each day."""
    scripts = ", ".join(json.dumps(static_url(name)) for name in WORKER_SCRIPTS)
    script = f"self.release = {json.dumps(release())};\nimportScripts({scripts});\n"
    return Response(script, media_type="text/javascript", headers={"Cache-Control": ASK_AGAIN})


async def show_offline(request: Request) -> Response:
    """GET /offline: what is kept on this phone and what waits there; a script fills it in.

    `print=large`: in large print. The worker sends no cookie that could say so.
    """
    return render(request, "offline.html", asked_print(request))


def asked_print(request: Request) -> dict[str, object]:
    """The context of a page whose print the address may name."""
    return {"large_print": True} if request.query_params.get("print") == "large" else {}


async def show_sender(request: Request) -> Response:
    """GET /offline/sender: SenderAnswer. The browser gets its mark, so that a report sent twice is known as its own."""
    response = json_answer(SenderAnswer(person=request.state.person.id), headers=NO_STORE)
    mark_browser(request, response)
    return response


routes: list[BaseRoute] = [
    route("/sw.js", show_worker, who=Who.ANYONE),
    route("/offline", show_offline, who=Who.ANYONE, shared=True),
    route("/offline/sender", show_sender, who=Who.ANYONE, answers=SenderAnswer),
]

"""Who may call each address: written out here, said by each route, and kept."""

import re
from collections.abc import Callable

import pytest
from starlette.routing import Mount, Route

from civic.accounts.models import Role
from civic.app import routes
from civic.web import GuardedRoute, Who
from tests.clients import Client, make_user

# For machines and for everybody's browser: they answer before anybody is known.
UNGUARDED = ["GET /healthz", "GET /metrics", "GET /readyz", "/static"]

WHO: dict[Who, str] = {
    Who.ANYONE: """
        GET /
        GET /a/{kind:str}/{code:path}
        GET /account/confirm/{token:str}
        POST /account/confirm/{token:str}
        GET /api/v1/city
        GET /api/v1/map/areas
        GET /api/v1/map/points
        GET /api/v1/openapi.json
        GET /api/v1/posts/{id:int}/flag
        POST /api/v1/posts/{id:int}/flag
        GET /api/v1/reports
        POST /api/v1/reports
        POST /api/v1/reports/photos
        GET /api/v1/reports/{id:int}
        POST /api/v1/reports/{id:int}/answer
        POST /api/v1/reports/{id:int}/appeal
        POST /api/v1/reports/{id:int}/confirm
        POST /api/v1/reports/{id:int}/dispute
        POST /api/v1/reports/{id:int}/join
        POST /api/v1/reports/{id:int}/photos
        POST /api/v1/reports/{id:int}/rate
        GET /api/v1/scores
        GET /api/v1/scores/departments/{slug:str}
        GET /api/v1/scores/releases/{release:str}/proof
        GET /api/v1/scores/releases/{release:str}/{file:str}
        GET /api/v1/search
        GET /api/v1/services
        GET /api/v1/services/{slug:str}
        GET /api/v1/traffic
        POST /api/v1/traffic
        GET /api/v1/traffic/points
        GET /api/v1/traffic/{id:int}
        POST /api/v1/traffic/{id:int}/end
        GET /assets
        GET /kept/{token:str}
        POST /kept/{token:str}
        POST /kept/{token:str}/forget
        POST /switch
        GET /icons/{name:str}.png
        GET /manifest.webmanifest
        GET /sw.js
        GET /offline
        GET /offline/sender
        GET /offline/form
        GET /offline/questions
        GET /map
        GET /robots.txt
        GET /sitemap.xml
        GET /sitemap/{part:int}.xml
        GET /map.png
        GET /map/areas
        GET /map/areas.json
        GET /map/points
        GET /photos/{name}/{edge:int}.{ending}
        GET /me
        POST /me/forget
        GET /mail/stop/{token:str}
        POST /mail/stop/{token:str}
        GET /places
        GET /places/at
        GET /posts/{id:int}/flag
        POST /posts/{id:int}/flag
        GET /easy
        GET /print
        POST /print
        GET /r/{code:str}
        GET /receipt
        POST /receipt
        GET /reports
        POST /reports
        GET /reports/filters
        GET /reports/filters/{language:str}
        GET /reports/new
        GET /reports/new/assets
        GET /reports/new/categories
        GET /reports/new/questions
        GET /reports/new/similar
        POST /reports/photos
        GET /reports/{id:int}
        GET /reports/{id:int}/card/{language:str}.jpg
        GET /reports/{id:int}/map.png
        POST /reports/{id:int}/answer
        POST /reports/{id:int}/appeal
        POST /reports/{id:int}/confirm
        POST /reports/{id:int}/confirm-mail
        POST /reports/{id:int}/dispute
        POST /reports/{id:int}/join
        POST /reports/{id:int}/photos
        POST /reports/{id:int}/rate
        GET /scores
        GET /scores/departments/{slug:str}
        GET /scores/method
        GET /scores/releases/{release:str}/proof
        GET /scores/releases/{release:str}/{file:str}
        GET /search
        GET /services
        GET /services/{slug:str}
        GET /sign-in
        POST /sign-in
        POST /sign-out
        GET /sign-in/mail
        POST /sign-in/mail
        GET /sign-in/mail/{token:str}
        POST /sign-in/mail/{token:str}
        GET /sign-up
        POST /sign-up
        GET /theme.css
        GET /tiles/{version}/{zoom:int}/{x:int}/{y:int}
        GET /traffic
        POST /traffic
        GET /traffic/new
        GET /traffic/points
        GET /traffic/{id:int}
        POST /traffic/{id:int}/end
        GET /api/v1/reports/{id:int}/history.json
        GET /api/v1/scores/cases
        GET /reports/{id:int}/history.json
        GET /scores/cases
        GET /scores/departments/{slug:str}/history.csv
        GET /scores/table.csv
        GET /scores/verify.py
        POST /api/v1/scores/releases/{release:str}/proof
        POST /scores/releases/{release:str}/proof
    """,
    Who.SIGNED_IN: """
        GET /account
        GET /account/messages
        POST /account/confirm
        POST /account/password
        POST /account/profile
        POST /account/sessions/{id:int}/end
        POST /api/v1/posts/{id:int}/comments
        POST /api/v1/posts/{id:int}/unvote
        POST /api/v1/posts/{id:int}/vote
        POST /api/v1/reports/{id:int}/doubt
        POST /api/v1/services/{slug:str}/ratings
        POST /api/v1/traffic/{id:int}/gone
        POST /api/v1/traffic/{id:int}/still
        POST /posts/{id:int}/comments
        POST /posts/{id:int}/unvote
        POST /posts/{id:int}/vote
        POST /reports/{id:int}/doubt
        POST /services/{slug:str}/ratings
        POST /traffic/{id:int}/gone
        POST /traffic/{id:int}/still
    """,
    Who.STAFF: """
        GET /api/v1/desk
        GET /api/v1/desk/cases/{id:int}
        POST /api/v1/desk/cases/{id:int}/{command:str}
        POST /api/v1/desk/lines/withdraw
        GET /api/v1/desk/messages
        GET /api/v1/desk/search
        GET /desk
        GET /desk/cases/{id:int}
        POST /desk/cases/{id:int}/{command:str}
        POST /desk/lines/withdraw
        GET /desk/messages
        GET /desk/next
        GET /desk/search
        GET /api/v1/scores/draft
        GET /scores/draft
    """,
    Who.DISPATCHER: """
        GET /api/v1/desk/appeals
        GET /api/v1/desk/moderation
        POST /api/v1/desk/moderation/{act:str}
        GET /api/v1/desk/triage
        GET /desk/appeals
        GET /desk/moderation
        POST /desk/moderation/{act:str}
        GET /desk/triage
    """,
    Who.ADMIN: """
        POST /api/v1/desk/jobs/{id:int}/requeue
        POST /desk/jobs/{id:int}/requeue
    """,
}
LESSER = {
    Who.SIGNED_IN: (None,),
    Who.STAFF: (None, Role.CITIZEN),
    Who.DISPATCHER: (None, Role.CITIZEN, Role.AGENT, Role.LEAD),
    Who.ADMIN: (None, Role.CITIZEN, Role.AGENT, Role.LEAD, Role.DISPATCHER),
}


def calls(route: Route) -> list[str]:
    return [f"{method} {route.path}" for method in sorted(route.methods or ()) if method != "HEAD"]


def guarded() -> list[GuardedRoute]:
    return [route for route in routes() if isinstance(route, GuardedRoute)]


def test_every_route_says_who_may_call_it() -> None:
    others = [route for route in routes() if not isinstance(route, GuardedRoute)]
    found = [call for route in others if isinstance(route, Route) for call in calls(route)]
    found += [route.path for route in others if isinstance(route, Mount)]
    assert sorted(found) == sorted(UNGUARDED)


def test_the_routes_are_those_written_here() -> None:
    """A new route is written here too: somebody has thought about who may call it."""
    found: dict[Who, list[str]] = {who: [] for who in Who}
    for route in guarded():
        found[route.about.who] += calls(route)
    for who in Who:
        assert sorted(found[who]) == sorted(line.strip() for line in WHO[who].strip().splitlines())


def test_no_address_is_served_twice() -> None:
    found = [re.sub(r"\{.*?\}", "{}", call) for route in guarded() for call in calls(route)]
    assert len(found) == len(set(found)), sorted({call for call in found if found.count(call) > 1})


@pytest.mark.parametrize("who", [who for who in Who if who is not Who.ANYONE])
async def test_whoever_may_less_is_refused(who: Who, new_client: Callable[[], Client]) -> None:
    """Every address, as everybody who may not: no view runs, so guessed ids tell nothing."""
    for role in LESSER[who]:
        client = new_client()
        if role:
            await client.sign_in(await make_user(f"{role}@example.org", role))
        for route in [route for route in guarded() if route.about.who is who]:
            path = re.sub(r"\{\w+:int\}", "1", route.path)
            path = re.sub(r"\{.*?\}", "x", path)
            for method in sorted(route.methods or ()):
                answer = await client.request(method, path)
                where = f"{method} {path} as {role or 'nobody'}"
                if role:
                    assert answer.status_code == 403, where
                elif answer.status_code == 303:
                    assert answer.headers["location"].startswith("/sign-in"), where
                else:
                    assert answer.status_code == 401, where

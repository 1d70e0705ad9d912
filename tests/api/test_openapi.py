"""The OpenAPI description: valid, complete, and what the program really answers."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from civic.accounts.people import NOBODY
from civic.api.openapi import PREFIX, describe_api
from civic.app import routes
from civic.config import Config
from civic.schemas import Schema
from civic.web import GuardedRoute, Who, json_answer, route
from tests.clients import Client
from tests.live import command
from tests.test_routes import calls

# Answered as files or as redirects, whatever the request accepts.
NOT_JSON = ("GET /api/v1/scores/releases/{release:str}/{file:str}",)


class GreetingAnswer(Schema):
    greeting: str


class FarewellAnswer(Schema):
    farewell: str


async def greet(request: Request) -> Response:
    return json_answer(GreetingAnswer(greeting="Hello"))


def test_the_description_is_valid() -> None:
    errors = list(OpenAPIV31SpecValidator(describe_api(routes())).iter_errors())
    assert not errors, errors


def test_every_address_of_the_api_names_its_model() -> None:
    silent = [
        call
        for one in routes()
        if isinstance(one, GuardedRoute) and one.path.startswith(PREFIX) and one.about.answers is None
        for call in calls(one)
        if call not in NOT_JSON
    ]
    assert not silent, silent


def test_the_command_prints_the_description(tmp_path: Path) -> None:
    assert json.loads(command(tmp_path, "", "openapi")) == describe_api(routes())


async def test_the_address_answers_the_description(client: Client) -> None:
    answer = await client.get("/api/v1/openapi.json")
    assert answer.json() == describe_api(routes())
    assert answer.headers["content-type"] == "application/json"


async def test_a_page_is_described_once_under_the_api() -> None:
    paths = describe_api([route("/hello", greet, who=Who.ANYONE, answers=GreetingAnswer)])["paths"]
    assert list(paths) == ["/hello"]
    both = [route(path, greet, who=Who.ANYONE, answers=GreetingAnswer) for path in ("/hello", "/api/v1/hello")]
    assert list(describe_api(both)["paths"]) == ["/api/v1/hello"]


async def test_a_view_answers_only_the_model_that_its_route_names() -> None:
    """So the description cannot say something else than the program does."""
    right = route("/hello", greet, who=Who.ANYONE, answers=FarewellAnswer | GreetingAnswer)
    wrong = route("/hello", greet, who=Who.ANYONE, answers=FarewellAnswer)
    assert (await right.guard(a_request())).body == b'{"greeting":"Hello"}'
    with pytest.raises(TypeError, match="GreetingAnswer"):
        await wrong.guard(a_request())


def a_request() -> Request:
    app = Starlette()
    app.state.config = Config()
    return Request(
        {"type": "http", "method": "GET", "app": app, "state": {"person": NOBODY}, "path_params": {}, "headers": []}
    )

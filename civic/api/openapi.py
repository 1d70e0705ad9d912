"""The OpenAPI 3.1 description of the JSON side, made from what the routes say of themselves (civic.web.route)."""

import re
from collections.abc import Iterable, Iterator
from typing import get_args

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.convertors import FloatConvertor, IntegerConvertor
from starlette.routing import BaseRoute

from civic import cookies
from civic.schemas import AnswerType, ErrorAnswer
from civic.web import GuardedRoute, Who

PREFIX = "/api/v1"
VERSION = "1"
ABOUT = (
    "Everything that the pages show, as JSON. Addresses outside /api/v1 answer JSON with `Accept: application/json`."
    " A request that changes something takes a form or a JSON object with the same fields."
)
FORM_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")

JsonObject = dict[str, JsonValue]
ModelKey = tuple[type[BaseModel], JsonSchemaMode]
References = dict[ModelKey, JsonObject]


def described_routes(routes: Iterable[BaseRoute]) -> list[GuardedRoute]:
    """The routes that answer JSON; of a page that is also served under /api/v1, only the one there."""
    answering = [one for one in routes if isinstance(one, GuardedRoute) and one.about.answers is not None]
    paths = {one.path for one in answering}
    return [one for one in answering if PREFIX + one.path not in paths]


def describe_api(routes: Iterable[BaseRoute]) -> JsonObject:
    """The description of these routes as one JSON object."""
    described = described_routes(routes)
    keys = sorted({key for one in described for key in _model_keys(one)}, key=lambda key: (key[0].__name__, key[1]))
    keys.append((ErrorAnswer, "serialization"))
    found, definitions = models_json_schema(keys, ref_template="#/components/schemas/{model}")
    references: References = {key: found[key] for key in keys}
    schemas = definitions.get("$defs", {})
    paths: dict[str, JsonValue] = {}
    for one in described:
        entry = paths.setdefault(_plain_path(one.path), {})
        assert isinstance(entry, dict)
        for method in sorted((one.methods or set()) - {"HEAD"}):
            entry[method.lower()] = _operation(one, method, references, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Civic", "version": VERSION, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": _session_cookie()},
        },
    }


def _session_cookie() -> JsonObject:
    about = f"Over HTTPS its name is {cookies.HOST_PREFIX}{cookies.SESSION}."
    return {"type": "apiKey", "in": "cookie", "name": cookies.SESSION, "description": about}


def _model_keys(one: GuardedRoute) -> Iterator[ModelKey]:
    for model in _models(one.about.answers):
        yield model, "serialization"
    if one.about.takes is not None:
        yield one.about.takes, "validation"


def _models(answers: AnswerType | None) -> tuple[type[BaseModel], ...]:
    if answers is None:
        return ()
    return get_args(answers) if not isinstance(answers, type) else (answers,)


def _plain_path(path: str) -> str:
    """`/reports/{id:int}` as OpenAPI writes it: `/reports/{id}`."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _operation(one: GuardedRoute, method: str, references: References, schemas: dict[str, JsonObject]) -> JsonObject:
    about = one.about
    answers = [references[model, "serialization"] for model in _models(about.answers)]
    operation: JsonObject = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}_{_plain_path(one.path).strip('/')}").strip("_"),
        "tags": [about.view.__module__.split(".")[1]],
        "summary": _summary(about.view.__doc__),
        "responses": {
            str(about.status): _content("Answered.", answers[0] if len(answers) == 1 else {"anyOf": [*answers]}),
            "default": _content("Refused or failed.", references[ErrorAnswer, "serialization"]),
        },
    }
    parameters: list[JsonValue] = [*_path_parameters(one)]
    if about.takes is not None and method == "POST":
        content: JsonObject = {kind: {"schema": references[about.takes, "validation"]} for kind in FORM_TYPES}
        operation["requestBody"] = {"content": content}
    elif about.takes is not None:
        parameters += _query_parameters(references[about.takes, "validation"], schemas)
    if parameters:
        operation["parameters"] = parameters
    if about.who is not Who.ANYONE:
        operation["security"] = [{"session": []}]
        operation["description"] = f"Who may call it: {about.who}."
    return operation


def _summary(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


def _content(description: str, schema: JsonObject) -> JsonObject:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _path_parameters(one: GuardedRoute) -> Iterator[JsonObject]:
    for name, convertor in one.param_convertors.items():
        kind = "string"
        if isinstance(convertor, IntegerConvertor | FloatConvertor):
            kind = "integer" if isinstance(convertor, IntegerConvertor) else "number"
        yield {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


def _query_parameters(reference: JsonObject, schemas: dict[str, JsonObject]) -> Iterator[JsonObject]:
    """Each field of the model of a GET as a parameter of the address."""
    model = schemas[str(reference["$ref"]).rpartition("/")[2]]
    properties, required = model.get("properties", {}), model.get("required", [])
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    for name, schema in properties.items():
        yield {"name": name, "in": "query", "required": name in required, "schema": schema}

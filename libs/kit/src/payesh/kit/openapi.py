"""What another agency's developer needs of the OpenAPI document and FastAPI cannot know:
scopes, purposes, problem details, the shape of stored events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import core_schema

from payesh.kit.authorization import PURPOSE_HEADER
from payesh.kit.problems import MEDIA_TYPE

Route = TypeVar("Route", bound=Callable[..., Any])

OAUTH = "oauth2"
"""Name of the security scheme that operations refer to."""

# The names that the deployment's own documents use: an installation puts its domain in place.
_HOST = "https://{}.payesh.example"

DESCRIPTION = f"""\
Ask `access` for a token (`POST /oauth/token`, client credentials) with the scopes that the
operations name, and send it as `Authorization: Bearer <token>`. It reaches the counties and road
classes that were granted to the client, no others.

Operations on personal data also need the header `{PURPOSE_HEADER}`; each read is recorded with it.

Lists come in pages: send `next` of one page as `cursor` of the following; null is the last page.
Times are RFC 3339. Errors are problem details (RFC 9457); tell them apart by `type`.
"""


@dataclass(frozen=True)
class Asked:
    """What a route asks of its caller, and an answer to show; `scope` None is a public one."""

    scope: str | None
    personal: bool
    example: Any = None


def shows(example: Any) -> Callable[[Route], Route]:
    """Marks a route's function with an example of its answer. One given to FastAPI loses its
    nulls, and with them its validity."""

    def mark(endpoint: Route) -> Route:
        marked: Any = endpoint
        marked.payesh_example = example
        return endpoint

    return mark


class ShapeOf:
    """`Annotated[dict[str, Any], ShapeOf(PlateRead)]`: JSON that is passed on as it was stored.

    It is described by the model and not read through it, so that fields of a newer minor version
    are not lost on the way.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_core_schema__(
        self, _: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        # Wrapped so that the model is named in the document, but neither validates nor serializes.
        return core_schema.no_info_wrap_validator_function(
            lambda value, _: value,
            handler.generate_schema(self._model),
            serialization=core_schema.wrap_serializer_function_ser_schema(lambda value, _: value),
        )


def complete(
    document: dict[str, Any], service: str, operations: Mapping[tuple[str, str], Asked]
) -> None:
    """Write into FastAPI's document what `operations` (by path and lower-case method) ask for.

    Raises KeyError for an operation that is not among them.
    """
    document["servers"] = [
        {
            "url": _HOST.format(service),
            "description": "Stands for the address that the installation gives the service.",
        }
    ]
    users: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            asked = operations[path, method]
            _ask(operation, asked)
            _name_problems(operation, asked, path)
            if asked.example is not None:
                answer = operation["responses"]["200"]["content"]["application/json"]
                answer["example"] = asked.example
            if asked.scope:
                users.setdefault(asked.scope, []).append(operation["operationId"])
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    components["responses"] = {name: _problem_response(name) for name in _PROBLEMS}
    components["parameters"] = {"Purpose": _PURPOSE}
    components["securitySchemes"] = {OAUTH: _oauth(users)}


def _ask(operation: dict[str, Any], asked: Asked) -> None:
    operation["security"] = [{OAUTH: [asked.scope]}] if asked.scope else []
    if asked.personal:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Purpose"})


def _name_problems(operation: dict[str, Any], asked: Asked, path: str) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status[0] in "45":
            response.setdefault("content", _PROBLEM_CONTENT)
    named = {"default"}
    if asked.scope:
        named |= {"401", "403", "503"}
        if "{" in path:
            named.add("404")
    if "requestBody" in operation:
        named.add("413")
    # Who answers 400 reads the request in another protocol's manner (OAuth).
    if "400" not in responses and operation.keys() & {"parameters", "requestBody"}:
        named.add("422")
    for status in named - (responses.keys() - {"default"}):
        responses[status] = {"$ref": f"#/components/responses/{_RESPONSE_OF[status]}"}


def _oauth(users: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "description": "Tokens come from the installation's `access`; put its address in place of "
        "the host, or read it from its `/.well-known/oauth-authorization-server`. Applications in "
        "which people sign in use the authorization code with PKCE, described there.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{_HOST.format('access')}/oauth/token",
                "scopes": {scope: "for " + ", ".join(users[scope]) for scope in sorted(users)},
            }
        },
    }


_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457). Some types carry further members.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "`urn:payesh:problem:` and a word that stays the same: branch on this.",
        },
        "title": {"type": "string", "description": "The type in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What was wrong this time, for a person."},
        "scope": {"type": "string", "description": "Of `missing-scope`: the scope to ask for."},
        "dependency": {"type": "string", "description": "Of `unavailable`: what is away."},
        "errors": {
            "description": "Of `malformed`: the fields that do not fit, never their values.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "fault"],
                "properties": {"field": {"type": "string"}, "fault": {"type": "string"}},
            },
        },
    },
}
_PROBLEM_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_RESPONSE_OF = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "413": "TooLarge",
    "422": "Malformed",
    "503": "Unavailable",
    "default": "Problem",
}

# Name to what to do about it, and an example's type, title, detail and further members.
_PROBLEMS: dict[str, tuple[str, int, str, str, str, dict[str, Any]]] = {
    "Unauthorized": (
        "No token, or one that does not hold here (any more): ask for another.",
        401,
        "invalid-token",
        "Unauthorized",
        "the token has expired",
        {},
    ),
    "Forbidden": (
        "The token lacks the scope (`missing-scope`), the purpose was not said "
        "(`purpose-required`), or the rights do not reach that far (other types).",
        403,
        "missing-scope",
        "Forbidden",
        "citations: the scope citations:read is needed",
        {"scope": "citations:read"},
    ),
    "NotFound": (
        "There is none, or none within the token's counties and road classes.",
        404,
        "not-found",
        "Not found",
        "no such citation",
        {},
    ),
    "TooLarge": (
        "The body is longer than is accepted here.",
        413,
        "too-large",
        "Content Too Large",
        "at most 1048576 bytes are accepted here",
        {},
    ),
    "Malformed": (
        "A field, a parameter or a cursor does not fit; sending it again unchanged is in vain.",
        422,
        "malformed",
        "Malformed request",
        "fields do not fit",
        {"errors": [{"field": "query/limit", "fault": "Input should be at most 200"}]},
    ),
    "Unavailable": (
        "Something that the service stands on is away: send the same again after `Retry-After`.",
        503,
        "unavailable",
        "Unavailable",
        "database is unavailable",
        {"dependency": "database"},
    ),
    "Problem": ("Any other problem.", 500, "internal", "Internal error", "", {}),
}


def _problem_response(name: str) -> dict[str, Any]:
    description, status, slug, title, detail, extra = _PROBLEMS[name]
    example = {"type": f"urn:payesh:problem:{slug}", "title": title, "status": status, **extra}
    if detail:
        example["detail"] = detail
    response: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {**_PROBLEM_CONTENT[MEDIA_TYPE], "example": example}},
    }
    if name == "Unavailable":
        response["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return response


_PURPOSE: dict[str, Any] = {
    "name": PURPOSE_HEADER,
    "in": "header",
    "required": True,
    "description": "Why this is looked at, such as the number of the file: it is kept in the audit "
    "log with who read what. UTF-8, percent-encoded; 500 characters are kept.",
    "schema": {"type": "string", "minLength": 1},
    "example": "file%201405%2F1187",
}

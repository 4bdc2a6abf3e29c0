"""Completes FastAPI's OpenAPI document: scopes, purposes, problem details, stored events.

Its readers are the developers of other agencies.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import core_schema

from payesh.kit.authorization import PURPOSE_HEADER
from payesh.kit.openapi_problems import (
    PROBLEM_CONTENT,
    PROBLEM_SCHEMA,
    RESPONSE_BY_STATUS,
    problem_responses,
)
from payesh.kit.routes import RouteRequirements

Route = TypeVar("Route", bound=Callable[..., Any])

OAUTH = "oauth2"
"""Name of the security scheme that operations refer to."""

# The placeholder that the deployment's documents use: an installation puts its domain in place.
_HOST = "https://{}.payesh.example"

DESCRIPTION = f"""\
Request a token from `access` (`POST /oauth/token`, client credentials) with the scopes that the
operations name, and send it as `Authorization: Bearer <token>`. It gives access to the counties
and road classes that were granted to the client, and to no others. A token is for one service,
which the request names as `resource` when its scopes are of several: `urn:payesh:service:tickets`.

Operations on personal data also require the header `{PURPOSE_HEADER}`, which is recorded with
each read.

Lists come in pages: send `next` of one page as `cursor` of the following; null is the last page.
Times are RFC 3339. Errors are problem details (RFC 9457), distinguished by `type`.
"""


def shows(example: Any) -> Callable[[Route], Route]:
    """Mark a route's function with an example of its answer.

    An example that is given to FastAPI loses its nulls, and with them its validity.
    """

    def mark(endpoint: Route) -> Route:
        marked: Any = endpoint
        marked.payesh_example = example
        return endpoint

    return mark


class ShapeOf:
    """JSON that is passed on as it was stored: `Annotated[dict[str, Any], ShapeOf(PlateRead)]`.

    The model describes it in the document and neither validates nor serializes it, so that fields
    of a newer minor version are not lost.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_core_schema__(
        self, _: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            lambda value, _: value,
            handler.generate_schema(self._model),
            serialization=core_schema.wrap_serializer_function_ser_schema(lambda value, _: value),
        )


def complete(
    document: dict[str, Any], service: str, operations: Mapping[tuple[str, str], RouteRequirements]
) -> None:
    """Write into FastAPI's document what `operations` (by path and lower-case method) require.

    Raises KeyError for an operation that is not among them.
    """
    document["servers"] = [
        {
            "url": _HOST.format(service),
            "description": "A placeholder for the address that the installation gives the service.",
        }
    ]
    operations_by_scope: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            required = operations[path, method]
            _require(operation, required)
            _list_problems(operation, required, path)
            if required.example is not None:
                answer = operation["responses"]["200"]["content"]["application/json"]
                answer["example"] = required.example
            if required.scope:
                operations_by_scope.setdefault(required.scope, []).append(operation["operationId"])
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    components["responses"] = problem_responses()
    components["parameters"] = {"Purpose": _PURPOSE}
    components["securitySchemes"] = {OAUTH: _oauth(operations_by_scope)}


def _require(operation: dict[str, Any], required: RouteRequirements) -> None:
    operation["security"] = [{OAUTH: [required.scope]}] if required.scope else []
    if required.personal:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Purpose"})


def _list_problems(operation: dict[str, Any], required: RouteRequirements, path: str) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status[0] in "45":
            response.setdefault("content", PROBLEM_CONTENT)
    listed = {"default", "503"}
    if required.scope:
        listed |= {"401", "403", "429"}
        if "{" in path:
            listed.add("404")
    if "requestBody" in operation:
        listed.add("413")
    # An operation that answers 400 follows another protocol (OAuth), which has no 422.
    if "400" not in responses and operation.keys() & {"parameters", "requestBody"}:
        listed.add("422")
    for status in listed - (responses.keys() - {"default"}):
        responses[status] = {"$ref": f"#/components/responses/{RESPONSE_BY_STATUS[status]}"}


def _oauth(operations_by_scope: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "description": "The installation's `access` issues tokens; put its address in place of the "
        "host, or read it from its `/.well-known/oauth-authorization-server`. Applications in "
        "which people sign in use the authorization code with PKCE, described there.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{_HOST.format('access')}/oauth/token",
                "scopes": {
                    scope: "for " + ", ".join(operations_by_scope[scope])
                    for scope in sorted(operations_by_scope)
                },
            }
        },
    }


_PURPOSE: dict[str, Any] = {
    "name": PURPOSE_HEADER,
    "in": "header",
    "required": True,
    "description": "The reason for the read, such as the number of the file. The audit log keeps "
    "it with the reader and what was read. UTF-8, percent-encoded; 500 characters are kept.",
    "schema": {"type": "string", "minLength": 1},
    "example": "file%201405%2F1187",
}

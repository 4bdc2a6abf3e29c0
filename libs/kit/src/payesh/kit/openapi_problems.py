"""Problem details in the OpenAPI documents: their schema, and responses with examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from payesh.kit.problems import MEDIA_TYPE

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457). Some types carry further members.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "`urn:payesh:problem:` and a stable identifier to branch on.",
        },
        "title": {"type": "string", "description": "The type in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "This occurrence in words, for a person."},
        "scope": {"type": "string", "description": "Of `missing-scope`: the scope to request."},
        "dependency": {"type": "string", "description": "Of `unavailable`: the dependency."},
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
PROBLEM_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

RESPONSE_BY_STATUS = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "413": "TooLarge",
    "422": "Malformed",
    "429": "TooMany",
    "503": "Unavailable",
    "default": "Problem",
}


@dataclass(frozen=True, slots=True)
class _Example:
    """A response's description (what the caller can do), and an example of its problem."""

    description: str
    status: int
    type: str
    title: str
    detail: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)


_EXAMPLES: dict[str, _Example] = {
    "Unauthorized": _Example(
        "The token is absent, expired or not valid here: request another.",
        401,
        "invalid-token",
        "Unauthorized",
        "the token has expired",
    ),
    "Forbidden": _Example(
        "The token lacks the scope (`missing-scope`), the purpose is absent "
        "(`purpose-required`), or the rights do not cover the resource (other types).",
        403,
        "missing-scope",
        "Forbidden",
        "citations: the scope citations:read is needed",
        {"scope": "citations:read"},
    ),
    "NotFound": _Example(
        "No such resource within the token's counties and road classes.",
        404,
        "not-found",
        "Not found",
        "no such citation",
    ),
    "TooLarge": _Example(
        "The body exceeds the limit of this operation.",
        413,
        "too-large",
        "Content Too Large",
        "at most 1048576 bytes are accepted here",
    ),
    "Malformed": _Example(
        "A field, a parameter or a cursor is invalid; do not repeat the request unchanged.",
        422,
        "malformed",
        "Malformed request",
        "fields do not fit",
        {"errors": [{"field": "query/limit", "fault": "Input should be at most 200"}]},
    ),
    "TooMany": _Example(
        "The caller's quota of requests or of refusals is spent: wait for `Retry-After`.",
        429,
        "quota",
        "Too many requests",
        "your quota of requests is spent",
    ),
    "Unavailable": _Example(
        "A dependency of the service is unavailable: repeat the request after `Retry-After`.",
        503,
        "unavailable",
        "Unavailable",
        "database is unavailable",
        {"dependency": "database"},
    ),
    "Problem": _Example("Any other problem.", 500, "internal", "Internal error"),
}


def problem_responses() -> dict[str, dict[str, Any]]:
    """The document's `components/responses`: each kind of problem with an example."""
    return {name: _response(example) for name, example in _EXAMPLES.items()}


def _response(example: _Example) -> dict[str, Any]:
    problem = {
        "type": f"urn:payesh:problem:{example.type}",
        "title": example.title,
        "status": example.status,
        **example.members,
    }
    if example.detail:
        problem["detail"] = example.detail
    response: dict[str, Any] = {
        "description": example.description,
        "content": {MEDIA_TYPE: {**PROBLEM_CONTENT[MEDIA_TYPE], "example": problem}},
    }
    if example.status in (429, 503):
        response["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return response

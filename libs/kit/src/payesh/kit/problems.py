"""Answers every error with problem details (RFC 9457), without internals and without input."""

import http
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from payesh.kit import refusals
from payesh.kit.errors import DependencyFault, MessageFault, Problem, TooMany, Unavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_SLUGS = {401: "unauthorized", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def add_problem_handlers(app: FastAPI) -> None:
    """Register a handler for each kind of error."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(DependencyFault, _dependency_fault)
    app.add_exception_handler(MessageFault, _message_fault)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unhandled)


def answer(problem: Problem) -> JSONResponse:
    """The response of a problem."""
    return JSONResponse(
        problem.body(),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type only
    error = await _recorded(request, error)
    refusals.count(error)
    if error.status == 401 and _wants_page(request):
        page = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(
            f"{request.app.state.sign_in_page}?{urlencode({'next': page})}", 303
        )
    return answer(error)


async def _recorded(request: Request, problem: Problem) -> Problem:
    """The problem, once the refusal is in the audit log; another when that is not possible."""
    recorder: refusals.Refusals | None = getattr(request.app.state, "refusals", None)
    if recorder is None or not problem.is_refusal:
        return problem
    try:
        await recorder.record(request, problem)
    except TooMany as spent:
        return spent
    except DependencyFault as fault:
        return _unavailable(request, fault)
    return problem


def _wants_page(request: Request) -> bool:
    """Whether a browser opens a page, which is redirected to the sign-in instead of shown JSON."""
    return (
        request.method == "GET"
        and getattr(request.app.state, "sessions", None) is not None
        and "text/html" in request.headers.get("accept", "")
        and not request.url.path.startswith("/sign-in")
    )


async def _dependency_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, DependencyFault)  # noqa: S101
    return answer(_unavailable(request, error))


def _unavailable(request: Request, fault: DependencyFault) -> Unavailable:
    log.warning("dependency away", dependency=fault.dependency, path=_route(request))
    return Unavailable(f"{fault.dependency} is unavailable", dependency=fault.dependency)


async def _message_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, MessageFault)  # noqa: S101
    log.error("data fault", reason=error.reason, path=_route(request))
    return answer(Problem(502, "data-fault", "Stored data is at fault", error.reason))


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # Fields and rules only: the input may be a password or a plate.
    faults = [
        {"field": "/".join(str(part) for part in each["loc"]), "fault": _rule(each)}
        for each in error.errors()[:50]
    ]
    return answer(
        Problem(422, "malformed", "Malformed request", "fields do not fit", errors=faults)
    )


def _rule(error: dict[str, Any]) -> str:
    # A custom validator's message may quote the value; pydantic's built-in messages do not.
    return "value_error" if error["type"] in ("value_error", "assertion_error") else error["msg"]


async def _http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 400:
        # Raised by FastAPI and Starlette for a body that cannot be decoded: malformed like others.
        return answer(Problem(422, "malformed", "Malformed request", "the body cannot be read"))
    title = http.HTTPStatus(error.status_code).phrase
    slug = _SLUGS.get(error.status_code, title.lower().replace(" ", "-"))
    return answer(
        Problem(
            error.status_code, slug, title, str(error.detail), headers=dict(error.headers or {})
        )
    )


async def _unhandled(request: Request, error: Exception) -> Response:
    log.error("unhandled", path=_route(request), exc_info=error)
    return answer(Problem(500, "internal", "Internal error"))


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "unrouted")

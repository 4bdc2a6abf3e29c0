"""`/consent`: whether a client that the deployment did not declare may act for a person."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.dependencies import Dependencies
from payesh.access.domain.redirect_uris import is_authorization_request
from payesh.access.handlers import consents
from payesh.access.handlers.tokens import refuse_authorization_request
from payesh.access.pages import cookies
from payesh.access.pages.notice.notice import notice
from payesh.access.pages.rendering import render
from payesh.access.pages.scope_words import scope_words

router = APIRouter(include_in_schema=False)

Continue = Annotated[str, Query(alias="continue", max_length=4000)]


@router.get("/consent")
async def show_consent(
    request: Request, dependencies: DependenciesHere, then: Continue = ""
) -> Response:
    return await _form(request, dependencies, then)


@router.post("/consent")
async def answer_consent(
    request: Request,
    dependencies: DependenciesHere,
    decision: Annotated[str, Form(max_length=10)] = "",
    form_token: Annotated[str, Form(max_length=200)] = "",
    scopes: Annotated[str, Form(max_length=4000)] = "",
    then: Annotated[str, Form(alias="continue", max_length=4000)] = "",
) -> Response:
    settings = dependencies.settings
    if not cookies.form_tokens(settings).matches(request, form_token):
        return await _form(request, dependencies, then, error="expired", status_code=403)
    if not is_authorization_request(then):
        return notice(request, "authorization-request", status_code=400)
    secret = cookies.sign_in_secret(request, settings)
    if decision == "allow":
        shown = scopes.split()
        await consents.give_consent(dependencies, then, request.headers, secret, shown)
        return RedirectResponse(then, 303)
    answer = await refuse_authorization_request(
        dependencies, consents.query_of(then), request.headers, secret
    )
    location = dict(answer.headers).get("Location") if answer.status == 302 else None
    if location is None:
        return notice(request, "authorization-request", status_code=400)
    return RedirectResponse(location, 303)


async def _form(
    request: Request,
    dependencies: Dependencies,
    then: str,
    *,
    error: str | None = None,
    status_code: int = 200,
) -> Response:
    """The question; on to the authorization endpoint where there is nothing to ask."""
    if not is_authorization_request(then):
        return notice(request, "authorization-request", status_code=400)
    settings = dependencies.settings
    secret = cookies.sign_in_secret(request, settings)
    asked = await consents.asked_consent(dependencies, then, request.headers, secret)
    if asked is None:
        return RedirectResponse(then, 303)
    tokens = cookies.form_tokens(settings)
    token = tokens.new()
    response = render(
        request,
        "consent",
        status_code=status_code,
        form_target=asked.leads_to,
        form_token=token,
        then=then,
        asked=asked,
        scopes=scope_words(request, asked.scopes),
        error=error,
    )
    tokens.set(response, token)
    return response

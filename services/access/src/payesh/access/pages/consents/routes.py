"""`/consents`: what clients may do in a person's name, and its end."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import consents
from payesh.access.pages import cookies
from payesh.access.pages.rendering import render
from payesh.access.pages.scope_words import scope_words
from payesh.kit.paging import ShortText

router = APIRouter(include_in_schema=False)


@router.get("/consents")
async def show_consents(request: Request, dependencies: DependenciesHere) -> Response:
    settings = dependencies.settings
    given = await consents.list_consents(dependencies, cookies.sign_in_secret(request, settings))
    if given is None:
        return RedirectResponse("/sign-in", 303)
    tokens = cookies.form_tokens(settings)
    token = tokens.new()
    shown = [(each, scope_words(request, each.scopes)) for each in given]
    response = render(request, "consents", form_token=token, given=shown)
    tokens.set(response, token)
    return response


@router.post("/consents")
async def withdraw_consent(
    request: Request,
    dependencies: DependenciesHere,
    client_id: Annotated[ShortText, Form()] = "",
    form_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    settings = dependencies.settings
    if cookies.form_tokens(settings).matches(request, form_token):
        secret = cookies.sign_in_secret(request, settings)
        await consents.withdraw_consent(dependencies, secret, client_id)
    return RedirectResponse("/consents", 303)

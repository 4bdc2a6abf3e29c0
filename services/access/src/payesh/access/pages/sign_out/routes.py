"""`/sign-out`: where a person ends the sign-in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import sign_in as signing
from payesh.access.pages import cookies
from payesh.access.pages.notice.notice import notice
from payesh.access.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/sign-out")
async def show_sign_out(request: Request, dependencies: DependenciesHere) -> Response:
    tokens = cookies.form_tokens(dependencies.settings)
    token = tokens.new()
    response = render(request, "sign_out", form_token=token)
    tokens.set(response, token)
    return response


@router.post("/sign-out")
async def sign_out(
    request: Request,
    dependencies: DependenciesHere,
    form_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    settings = dependencies.settings
    if not cookies.form_tokens(settings).matches(request, form_token):
        return await show_sign_out(request, dependencies)
    if secret := cookies.sign_in_secret(request, settings):
        await signing.sign_out(dependencies, secret)
    response = notice(request, "signed-out")
    cookies.delete_sign_in(response, settings)
    return response

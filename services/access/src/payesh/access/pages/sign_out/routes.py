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
    token = cookies.new_form_token()
    response = render(request, "sign_out", form_token=token)
    cookies.set_form_token(response, dependencies.settings, token)
    return response


@router.post("/sign-out")
async def sign_out(
    request: Request,
    dependencies: DependenciesHere,
    form_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    if not cookies.is_form_of_ours(request, form_token):
        return await show_sign_out(request, dependencies)
    cookie = request.cookies.get(cookies.SIGN_IN_COOKIE)
    if cookie:
        await signing.sign_out(dependencies, cookie)
    response = notice(request, "signed-out")
    cookies.delete_sign_in(response)
    return response

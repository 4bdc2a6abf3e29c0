"""`/sign-in`: where a person gives the password."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.dependencies import Dependencies
from payesh.access.domain.passwords import PASSWORD_MAX_LENGTH
from payesh.access.domain.redirect_uris import may_continue_to
from payesh.access.handlers import sign_in as signing
from payesh.access.pages import cookies
from payesh.access.pages.notice.notice import notice
from payesh.access.pages.rendering import render
from payesh.kit.client_address import client_address

router = APIRouter(include_in_schema=False)

Continue = Annotated[str, Query(alias="continue", max_length=4000)]
_FAILED = {
    "refused": ("wrong", 401),
    "throttled": ("wait", 429),
    "busy": ("busy", 503),
    "choose": ("choose", 200),
    "weak": ("weak", 422),
    "same": ("same", 422),
}
"""How an attempt failed, to the error that is shown and its status."""
_CHOOSING = ("choose", "weak", "same", "differ")
"""Errors beside which the form asks for a new password too."""


@router.get("/sign-in")
async def show_sign_in(
    request: Request,
    dependencies: DependenciesHere,
    then: Continue = "",
    change: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """The form; with `change=1` it asks for a new password too."""
    return await _form(request, dependencies, then, choosing=bool(change))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    dependencies: DependenciesHere,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=PASSWORD_MAX_LENGTH)] = "",
    chosen: Annotated[str | None, Form(max_length=PASSWORD_MAX_LENGTH)] = None,
    again: Annotated[str, Form(max_length=PASSWORD_MAX_LENGTH)] = "",
    form_token: Annotated[str, Form(max_length=200)] = "",
    then: Annotated[str, Form(alias="continue", max_length=4000)] = "",
) -> Response:
    if not cookies.form_tokens(dependencies.settings).matches(request, form_token):
        return await _form(request, dependencies, then, error="expired", status_code=403)
    if chosen is not None and chosen != again:
        return await _form(
            request, dependencies, then, error="differ", username=username, status_code=422
        )
    address = client_address(request, dependencies.settings.forwarded_hops)
    result = await signing.sign_in(
        dependencies,
        username=username,
        password=password,
        chosen=chosen,
        address=address,
        browser=cookies.browser_cookie(dependencies.settings).read(request),
    )
    if result.cookie is None:
        error, status_code = _FAILED[result.outcome]
        return await _form(
            request,
            dependencies,
            then,
            error=error,
            username=username,
            status_code=status_code,
            wait_s=result.wait_s,
            choosing=chosen is not None,
        )
    response = RedirectResponse(then if may_continue_to(then) else "/sign-in?done=1", 303)
    cookies.set_sign_in(response, dependencies.settings, result.cookie, result.browser)
    return response


async def _form(
    request: Request,
    dependencies: Dependencies,
    then: str,
    *,
    error: str | None = None,
    username: str = "",
    status_code: int = 200,
    wait_s: int = 0,
    choosing: bool = False,
) -> Response:
    """The form; a notice instead where a person has signed in and had nowhere to continue to."""
    if request.query_params.get("done") == "1" and not error:
        return notice(request, "signed-in")
    back = await signing.return_page(dependencies, then)
    tokens = cookies.form_tokens(dependencies.settings)
    token = tokens.new()
    response = render(
        request,
        "sign_in",
        status_code=status_code,
        form_target=back.origin if back else None,
        form_token=token,
        then=then if may_continue_to(then) else "",
        client_name=back.client_name if back else None,
        error=error,
        username=username,
        choosing=choosing or error in _CHOOSING,
        minutes=-(-wait_s // 60),
    )
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    tokens.set(response, token)
    return response

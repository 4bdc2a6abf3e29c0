"""The reader of a page: a session with a scope and a purpose, or the way to sign in."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from payesh.kit.authorization import authorize
from payesh.kit.errors import Problem
from payesh.kit.principal import Principal

_SIGN_IN_HELPS = ("unauthorized", "revoked", "purpose-required")


def page_reader(scope: str, *, resource: str) -> Callable[[Request], Awaitable[Principal]]:
    """A FastAPI dependency as `authorize` for personal data; a browser without a session, or with
    one that has no purpose, is sent to the sign-in, which asks for the purpose."""
    authorized = authorize(scope, resource=resource, personal=True)

    async def dependency(request: Request) -> Principal:
        try:
            return await authorized(request, None)
        except Problem as problem:
            wants_page = "text/html" in request.headers.get("accept", "")
            if not wants_page or problem.type not in (
                "unauthorized",
                "revoked",
                "purpose-required",
            ):
                raise
            query = urlencode({"next": request.url.path})
            to = f"{request.app.state.sign_in_page}?{query}"
            raise Problem(303, "sign-in", "See other", headers={"Location": to}) from None

    marked: Any = dependency
    marked.payesh_scope = scope
    return dependency

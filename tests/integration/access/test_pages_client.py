"""A service's pages sign people in at access through the kit, as tickets' pages do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import SecretStr

from payesh.contracts.audiences import audience_of
from payesh.kit.authorization import authorize
from payesh.kit.database import Database
from payesh.kit.http import AuditTrail, create_app
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigests
from payesh.kit.sign_in import sign_in_router
from tests.support.engine_settings import QUERY_KEY

from .conftest import CALLBACK, PASSWORD, Browser, RunningAccess


class Pages:
    """The settings of a service with pages; its public address is the registered one."""

    def __init__(self, access: RunningAccess) -> None:
        self.public_url = CALLBACK.removesuffix("/sign-in/callback")
        self.pages_client_id = "tickets-pages"
        self.pages_client_secret = SecretStr(access.pages_secret)
        self.access_url = access.url
        self.access_internal_url = ""
        self.token_issuer = access.settings.token_issuer
        self.token_audience = audience_of("tickets")
        self.access_ca_file: Path | None = None


@pytest.fixture
async def pages(access: RunningAccess) -> AsyncIterator[httpx.AsyncClient]:
    # The kit's session table is in every service's database, access's own included.
    database = Database(access.settings.database_url)
    router = APIRouter()

    @router.get("/queue")
    async def queue(
        principal: Annotated[Principal, Depends(authorize("citations:read", resource="citations"))],
    ) -> dict[str, str]:
        return {"subject": principal.subject, "actor": principal.actor}

    async def ready() -> dict[str, str]:
        return {}

    app = create_app(
        service="pages",
        settings=access.settings,
        audit=AuditTrail(database, QueryDigests(QUERY_KEY)),
        lifespan=None,
        routers=[sign_in_router(Pages(access), database, ["بررسی"]), router],
        ready=ready,
        verifier=access.verifier("tickets"),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9") as http:
        yield http
    await database.close()


async def with_a_purpose(pages: httpx.AsyncClient, sign_in: str) -> httpx.Response:
    """The way to access, after the page that asks for the purpose."""
    asked = await pages.get(sign_in)
    token, page = (
        asked.text.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("form_token", "next")
    )
    form = {"form_token": token, "next": page, "purpose": "بررسی"}
    return await pages.post("/sign-in", data=form)


async def comes_back(
    browser: Browser, pages: httpx.AsyncClient, officer: dict[str, Any]
) -> httpx.Response:
    """The answer in the end, when a person opens the page and signs in at access."""
    opened = await pages.get("/queue", headers={"Accept": "text/html"})
    begun = await with_a_purpose(pages, opened.headers["location"])
    asked = await browser.http.get(begun.headers["location"])
    then = httpx.URL(asked.headers["location"]).params["continue"]
    signed_in = await browser.sign_in(officer["username"], PASSWORD, then)
    sent_back = await browser.http.get(signed_in.headers["location"])
    return await pages.get(sent_back.headers["location"])


async def test_an_officer_opens_a_page_signs_in_and_comes_back_to_it(
    access: RunningAccess, browser: Browser, pages: httpx.AsyncClient
) -> None:
    officer = (await access.new_person()).json()
    arrived = await comes_back(browser, pages, officer)
    assert arrived.headers["location"] == "/queue"
    queue = await pages.get("/queue")
    assert queue.json() == {
        "subject": f"person:{officer['username']}",
        "actor": "tickets-pages",
    }
    session = (await pages.get("/sign-in/session")).json()
    assert session["name"] == officer["name"]


async def test_after_signing_out_of_the_page_the_password_is_needed_again(
    access: RunningAccess, browser: Browser, pages: httpx.AsyncClient
) -> None:
    await comes_back(browser, pages, (await access.new_person()).json())
    csrf = {"X-CSRF-Token": (await pages.get("/sign-in/session")).json()["csrf_token"]}
    signed_out = (await pages.post("/sign-out", headers=csrf)).json()
    form = await browser.http.get(signed_out["continue_at"])
    token = form.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post(signed_out["continue_at"], data={"form_token": token})
    opened = await pages.get("/queue", headers={"Accept": "text/html"})
    begun = await with_a_purpose(pages, opened.headers["location"])
    asked = await browser.http.get(begun.headers["location"])
    assert asked.headers["location"].startswith("/sign-in?")


async def test_the_form_may_lead_to_the_registered_page_and_to_no_other(
    access: RunningAccess, browser: Browser
) -> None:
    """Browsers apply `form-action` to the redirects after a POST."""
    asked = await browser.authorize()
    page = await browser.http.get(asked.headers["location"])
    policy = page.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")
    plain = await browser.http.get("/sign-in")
    assert plain.headers["content-security-policy"].endswith("form-action 'self'")
    assert "صف افسران" in page.text

"""The guide's page, a folder of its own and one router, is served over a real database."""

import importlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from payesh.kit.http import AuditTrail, create_app
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.tickets import pages
from tests.integration.tickets.conftest import Office, claims
from tests.support.guides import code_blocks

CARDS, ROUTES, _ = code_blocks("add-a-page.md")
(TEMPLATE,) = code_blocks("add-a-page.md", "html")
NAME = "payesh.tickets.pages.rejected"


@pytest.fixture
def router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> APIRouter:
    """The page's router; its folder lies beside the service's own pages."""
    folder = tmp_path / "rejected"
    (folder / "templates").mkdir(parents=True)
    for name, text in {
        "__init__.py": '"""Rejected citations."""\n',
        "cards.py": CARDS,
        "routes.py": ROUTES,
        "templates/rejected.html": TEMPLATE,
    }.items():
        (folder / name).write_text(text, "utf-8")
    monkeypatch.setattr(pages, "__path__", [*pages.__path__, str(tmp_path)])
    routes = importlib.import_module("payesh.tickets.pages.rejected.routes")

    for module in (NAME, f"{NAME}.cards", f"{NAME}.routes"):
        monkeypatch.delitem(sys.modules, module)
    found: APIRouter = routes.router
    return found


@pytest.fixture
async def page(office: Office, router: APIRouter) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session at an application that has the page and no other route."""

    async def ready() -> dict[str, str]:
        return {}

    dependencies = office.app.state.dependencies
    app = create_app(
        service="tickets",
        settings=office.settings,
        lifespan=None,
        routers=[router],
        ready=ready,
        audit=AuditTrail(dependencies.database, dependencies.digests),
    )
    app.state.dependencies = dependencies
    app.state.sessions = office.app.state.sessions
    app.state.verifier = office.app.state.verifier  # follows what was revoked
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as http:
        yield http


async def test_it_shows_rejected_citations_within_bounds_in_persian(
    office: Office, page: httpx.AsyncClient
) -> None:
    rejected = office.violation(certificate=None)
    await office.publish(rejected)
    citation_id = (await office.outcome(rejected))["citation_id"]
    drafted = str(await office.draft())
    page.cookies.set(SESSION_COOKIE, await session_of(office, "semnan"))
    text = (await page.get("/rejected", params={"limit": "200"})).text
    assert f"/queue/{citation_id}" in text
    assert "سرعت غیرمجاز، سمنان، ۱۴۰۵/۰۸/۲۹" in text
    assert "دستگاه در زمان ثبت گواهی معتبر نداشته است" in text
    assert drafted not in text
    page.cookies.set(SESSION_COOKIE, await session_of(office, "aradan"))
    assert "هیچ موردی رد نشده است" in (await page.get("/rejected")).text


async def test_a_browser_without_a_session_signs_in_for_the_pages_purpose(
    page: httpx.AsyncClient,
) -> None:
    answer = await page.get("/rejected", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Frejected")
    assert (await page.get("/rejected", headers={"Accept": "text/plain"})).status_code == 401


async def session_of(office: Office, county: str) -> str:
    value, _ = await Sessions(office.database).begin(claims("sara", counties=[county]), "test")
    return value

"""The officers' desk as a person meets it: tickets behind access, and browsers that sign in."""

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text

from payesh.access.main import MIGRATIONS as ACCESS_MIGRATIONS
from payesh.access.main import offer_bootstrap
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import migrate
from payesh.local.engines import EngineSet
from payesh.local.engines.ports import free_port
from payesh.local.topics import create_topics
from payesh.tickets.adapters.tables import citation_steps, citations
from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.main import MIGRATIONS as TICKETS_MIGRATIONS
from payesh.tickets.main import create
from tests.integration.access.conftest import (
    ADMINISTRATOR,
    PASSWORD,
    RunningAccess,
    serving,
    settings_for,
)
from tests.integration.tickets.conftest import EVERY_SCOPE, Office, office_settings
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.serving import served_at
from tests.support.violation_builder import plate_read
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DECISIONS = ("issue", "reject")


@dataclass
class SignedInDesk:
    """The running services, on engines of their own; the officers are of one county."""

    access: RunningAccess
    office: Office
    county: str = "semnan"

    async def officer(self, name: str) -> str:
        """The username of a new officer of the county, who chose the password."""
        username = f"{name}-{secrets.token_hex(3)}"
        answer = await self.access.new_person(
            username=username,
            name=name,
            scopes=["citations:read", "citations:decide", "evidence:read"],
            counties=[self.county],
        )
        assert answer.is_success, answer.text
        return username

    async def drafts(self, count: int) -> None:
        """So many drafts of the county: copies of one that the service itself drafted."""
        seen = await self.office.seen(county=self.county)
        await self.office.publish(seen, plate_read(seen))
        model = citation_id_of(seen.violation_id)

        async def drafted() -> bool:
            async with self.office.database.transaction() as session:
                state = select(citations.c.state).where(citations.c.citation_id == model)
                return bool(await session.scalar(state) == "drafted")

        await eventually(drafted)
        own = {"citation_id": "gen_random_uuid()", "violation_id": "gen_random_uuid()"}
        columns = [each.name for each in citations.columns]
        values = ", ".join(own.get(name, name) for name in columns)
        copied = text(
            f"INSERT INTO citations ({', '.join(columns)}) "  # noqa: S608 - the table's own names
            f"SELECT {values} FROM citations, generate_series(2, CAST(:count AS int)) "
            "WHERE citation_id = :model"
        )
        async with self.office.database.transaction() as session:
            await session.execute(copied, {"count": count, "model": model})

    async def states(self) -> dict[str, int]:
        """How many citations of the county stand in each state."""
        return await self._counted("SELECT state, count(*) FROM citations WHERE county = :county")

    async def decisions(self) -> dict[str, list[str]]:
        """The decisions of each citation of the county that has any, the first one first."""
        found: dict[str, list[str]] = {}
        steps = citation_steps
        async with self.office.database.transaction() as session:
            rows = await session.execute(
                select(steps.c.citation_id, steps.c.step)
                .join(citations, citations.c.citation_id == steps.c.citation_id)
                .where(citations.c.county == self.county, steps.c.step.in_([*DECISIONS, "undo"]))
                .order_by(steps.c.citation_id, steps.c.sequence)
            )
            for citation_id, step in rows:
                found.setdefault(str(citation_id), []).append(step)
        return found

    async def _counted(self, query: str) -> dict[str, int]:
        async with self.office.database.transaction() as session:
            rows = await session.execute(text(f"{query} GROUP BY 1"), {"county": self.county})
            return dict(rows.tuples().all())


@asynccontextmanager
async def running_desk(
    engines: EngineSet, folder: Path, *, token_lifetime_s: int = 600, undo_seconds: float = 10.0
) -> AsyncIterator[SignedInDesk]:
    """access and tickets on engines that are empty, whose pages sign in at it."""
    addresses = engines.addresses()
    await create_topics(addresses["kafka_bootstrap"])
    for service, migrations in (("access", ACCESS_MIGRATIONS), ("tickets", TICKETS_MIGRATIONS)):
        await migrate(addresses["migration_urls"][service], migrations)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    secret = _declare_pages(folder, url)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PAYESH_DATABASE_URL", addresses["database_urls"]["access"])
        await offer_bootstrap(folder / "first-administrator.secret")
    of_access = settings_for(engines, folder, token_lifetime_s=token_lifetime_s)
    async with serving(of_access):
        access = RunningAccess(of_access, of_access.public_url, pages_secret=secret)
        await _bootstrapped(access, (folder / "first-administrator.secret").read_text().strip())
        settings = office_settings(
            engines,
            of_access.jwks_url,
            public_url=url,
            token_issuer=of_access.token_issuer,
            access_url=of_access.public_url,
            pages_client_secret=secret,
            undo_seconds=undo_seconds,
        )
        database = Database(settings.database_url)
        producer = Producer(settings)
        await producer.start()
        recorded = await record(store_of(engines))
        app = create(settings)
        async with served_at(app, port):
            yield SignedInDesk(access, Office(url, settings, app, database, producer, recorded))
        await producer.stop()
        await database.close()


def _declare_pages(folder: Path, url: str) -> str:
    """The secret of the pages' client, which access finds declared in its file."""
    secret = secrets.token_urlsafe(32)
    (folder / "pages.secret").write_text(secret)
    pages = {
        "client_id": "tickets-pages",
        "name": "صف افسران",
        "secret_file": "pages.secret",
        "redirect_uris": [f"{url}/sign-in/callback"],
        "scopes": EVERY_SCOPE.split(),
    }
    (folder / "clients.json").write_text(json.dumps([pages]))
    return secret


async def _bootstrapped(access: RunningAccess, secret: str) -> None:
    first = {
        "secret": secret,
        "username": ADMINISTRATOR,
        "name": "سارا محمدی",
        "password": PASSWORD,
    }
    made = await access.post("/v1/bootstrap", first, {})
    access.admin = {"Authorization": f"Bearer {made.json()['access_token']}"}


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """Chromium of this machine. Skips the test, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with playwright.async_playwright() as browsers:
        browser = await browsers.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


async def sign_in(page: "Page", address: str, username: str, password: str = PASSWORD) -> None:
    """To the page at `address`, by its purpose and the password, with the keyboard alone."""
    await page.goto(address)
    await page.locator("button[type=submit]", has_text="تأیید هدف").press("Enter")
    await page.locator("#username").press_sequentially(username)
    await page.locator("#password").press_sequentially(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}**")


class Officer:
    """An officer at the desk in a browser: keys, what the page then shows, and what went wrong."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.refusals: list[str] = []
        self.waited_s: list[float] = []
        self.signed_in = self.loaded = 0
        page.on("pageerror", lambda error: self.refusals.append(str(error)))
        page.on("response", lambda answer: self._note(answer.status, answer.url))
        page.on("request", self._asked)

    def _asked(self, request: "Request") -> None:
        self.loaded += request.is_navigation_request() and "/queue" in urlsplit(request.url).path

    def _note(self, status: int, url: str) -> None:
        if "/sign-in/callback" in url:
            self.signed_in += 1
        if status >= 400 and status != 401:  # a session that is over is no refusal
            self.refusals.append(f"{status} {url}")

    async def decides(self, decision: str) -> str:
        """Decide the case in hand and go on; its id. Where the session ran out meanwhile, the page
        signs in and comes back to the case: the officer decides again what was not decided, and
        asks for the next one else."""
        case = await self.shown()
        assert case is not None, "no case in hand"
        while True:
            signed_in = self.signed_in
            await self.page.keyboard.press({"issue": "i", "reject": "r"}[decision])
            await self.page.locator(f"#{decision}-dialog[open]").wait_for()
            pressed_at = time.perf_counter()
            await self.page.keyboard.press({"issue": "Enter", "reject": "2"}[decision])
            on, again = (
                asyncio.create_task(self.waits_for(other_than=case)),
                asyncio.create_task(self._back_at(case, signed_in)),
            )
            done, left = await asyncio.wait({on, again}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            if on in done:
                on.result()
                self.waited_s.append(time.perf_counter() - pressed_at)
                return case
            if not again.result():
                return case

    async def does(self, act: Callable[[], Awaitable[None]], done: str) -> None:
        """An act of several keys, until the page has what `done` selects; begun anew where the
        session ran out on the way."""
        while True:
            signed_in = self.signed_in
            doing = asyncio.create_task(self._done(act, done))
            again = asyncio.create_task(self._signs_in_after(signed_in))
            await asyncio.wait({doing, again}, return_when=asyncio.FIRST_COMPLETED)
            for task in (doing, again):
                task.cancel()
            ended, _ = await asyncio.gather(doing, again, return_exceptions=True)
            if self.signed_in == signed_in:
                if ended is not None:
                    raise ended
                return
            await self.page.locator("article, #empty:not([hidden])").first.wait_for()
            if await self.page.locator(done).count():
                return

    async def _signs_in_after(self, signed_in: int) -> None:
        await eventually(lambda: self.signed_in > signed_in, timeout_s=120)

    async def _done(self, act: Callable[[], Awaitable[None]], done: str) -> None:
        await act()
        await self.page.locator(done).first.wait_for()

    async def _back_at(self, case: str, signed_in: int) -> bool:
        """After a sign-in: True where this case is in hand still; else the next one was taken."""
        await self._signs_in_after(signed_in)
        await self.page.locator("article, #empty:not([hidden])").first.wait_for()
        if await self.shown() == case:
            return True
        await self.page.keyboard.press("n")
        await self.waits_for(other_than=case)
        return False

    async def shown(self) -> str | None:
        """The case in hand; None where none is."""
        mine = self.page.locator("article[data-mine=yes]")
        ids: list[str] = await mine.evaluate_all("(all) => all.map((one) => one.dataset.id)")
        return ids[0] if ids else None

    async def waits_for(self, *, other_than: str | None = None) -> str | None:
        """The next case in hand, or None when nothing waits. A sign-in in between is no end."""
        following = self.page.locator(
            f"article[data-mine=yes]:not([data-id='{other_than}']), #empty:not([hidden])"
        )
        while True:
            await following.first.wait_for(timeout=30_000)
            try:
                return await self.shown()
            except Exception as error:
                if "navigation" not in str(error):  # else the page is on its way to sign in
                    raise

"""The owner's page with simulated counterparts, and cases that lie behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from payesh.contracts.detect import BoxAt, VehicleTrack
from payesh.contracts.values import Box
from payesh.local.counterparts import Simulated, create_counterparts
from payesh.local.engines.ports import free_port
from payesh.tickets.handlers.counterparts import counterparts_of
from payesh.tickets.handlers.owner.sending import CodeSending, send_codes
from payesh.tickets.handlers.reaching import Reaching, notify_owners
from payesh.tickets.main import create
from payesh.tickets.pages.notice.message import owner_message
from payesh.tickets.pages.owner.message import code_message
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.test_desk_promises import ISSUE
from tests.integration.tickets.test_dues_promises import read
from tests.support.owner_browser import OwnerBrowser, last_code
from tests.support.serving import served, served_at
from tests.support.violation_builder import CAPTURED_AT, plate_read
from tests.support.waiting import eventually

SECRET = b"a secret that is shared with them"
KEY = "a key of owners' codes, kept in tests"


@dataclass
class OwnersOffice:
    """A replica with the owner's page, and the simulators."""

    office: Office
    simulated: Simulated
    reaching: Reaching
    sending: CodeSending

    @property
    def url(self) -> str:
        return self.office.url

    def browser(self, address: str = "192.0.2.1") -> OwnerBrowser:
        """A browser at an address of its own."""
        return OwnerBrowser(self.url, {"X-Forwarded-For": address})

    async def notified(self, plate: str = "12ب34567") -> tuple[str, str]:
        """Path and number of a citation whose owner was notified."""
        frames = [CAPTURED_AT + timedelta(milliseconds=40 * n - 2000) for n in range(40)]
        track = VehicleTrack(
            boxes=tuple(
                BoxAt(
                    frame_at=at,
                    box=Box(x_px=340.0 + n, y_px=150.0 + n, width_px=60.0, height_px=40.0),
                )
                for n, at in enumerate(frames)
            ),
            ground=(),
        )
        seen = self.office.violation().model_copy(update={"track": track})
        read_of_it = plate_read(seen, plate)
        box = Box(x_px=90.0, y_px=150.0, width_px=140.0, height_px=30.0)
        shot = {"crop": seen.shots[0].crop, "plate_box": box}
        await self.office.publish(
            seen, type(read_of_it).model_validate({**vars(read_of_it), "shot": shot})
        )
        path = f"/v1/citations/{(await self.office.outcome(seen))['citation_id']}"
        async with self.office.client("sara") as http:
            assert (await http.post(f"{path}/claim")).is_success
            assert (await http.post(f"{path}/decide", json=ISSUE)).is_success

        # The replica does so by itself within seconds; this call is that chore, now.
        await notify_owners(self.reaching)

        async def is_notified() -> bool:
            return bool((await read(self.office, path))["state"] == "notified")

        await eventually(is_notified)
        return path, (await read(self.office, path))["number"]

    async def code_for(self, browser: OwnerBrowser, number: str) -> str:
        """The code that the owner is sent after asking."""
        before = len(self.simulated.messages)
        answer = await browser.ask(number)
        assert answer.status_code == 303, answer.text
        await send_codes(self.sending)

        async def came() -> bool:
            return len(self.simulated.messages) > before

        await eventually(came)
        return last_code(self.simulated)

    async def entered(self, address: str = "192.0.2.1") -> tuple[OwnerBrowser, str, str]:
        """A browser in a case of its own, with path and number of the citation."""
        path, number = await self.notified()
        browser = self.browser(address)
        opened = await browser.open(number, await self.code_for(browser, number))
        assert (opened.status_code, opened.headers["location"]) == (303, "/owner/case")
        return browser, path, number


@asynccontextmanager
async def owners_office(office: Office) -> AsyncIterator[OwnersOffice]:
    """The page at an address that is known before it is served, as in an installation."""
    port = free_port()
    tickets = f"http://127.0.0.1:{port}"
    addresses: dict[str, str] = {}
    simulated = Simulated(SECRET, lambda: addresses["own"], lambda: tickets)
    async with served(create_counterparts(simulated)) as url:
        addresses["own"] = url
        secret = SecretStr(SECRET.decode())
        changes: dict[str, object] = {
            "owner_url": f"{tickets}/owner",
            "owner_key": SecretStr(KEY),
            "forwarded_hops": 1,
        }
        for name in ("owner_register", "messages", "payments"):
            changes |= {f"{name}_url": url, f"{name}_secret": secret}
        settings = office.settings.model_copy(update=changes)
        app = create(settings)
        async with served_at(app, port):
            replica = Office(
                tickets, settings, app, office.database, office.producer, office.recorded
            )
            desk, outside = app.state.dependencies, counterparts_of(settings)
            reaching = outside.reaching(desk, owner_message)
            sending = outside.code_sending(desk, code_message)
            assert reaching is not None and sending is not None
            yield OwnersOffice(replica, simulated, reaching, sending)

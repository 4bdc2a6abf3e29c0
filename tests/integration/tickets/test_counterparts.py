"""Owners reached and payments taken, against simulators of the systems of others."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr

from payesh.kit.errors import DependencyFault
from payesh.kit.signed_requests import signed_headers
from payesh.local.counterparts import Simulated, create_counterparts
from payesh.tickets.adapters import notification_jobs, payments
from payesh.tickets.adapters.counterparts.calling import Counterpart, CounterpartRefused
from payesh.tickets.adapters.counterparts.messages import Messages
from payesh.tickets.adapters.counterparts.owner_register import Owner, OwnerRegister
from payesh.tickets.adapters.counterparts.payment_gateway import PaymentGateway
from payesh.tickets.main import create
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.test_dues_promises import OBJECTION, issued, read, sent, steps
from tests.support.problems import problem
from tests.support.serving import served
from tests.support.waiting import eventually

SECRET = b"a secret that is shared with them"
CALLBACK = "/v1/payments/callback"


@dataclass
class Connected:
    """A replica with counterparts, and their simulators."""

    office: Office
    simulated: Simulated
    url: str

    def at(self, secret: bytes = SECRET) -> Counterpart:
        return Counterpart("simulated", self.url, secret)


@pytest.fixture(scope="module")
async def connected(office: Office) -> AsyncIterator[Connected]:
    addresses: dict[str, str] = {}
    simulated = Simulated(SECRET, lambda: addresses["own"], lambda: addresses["tickets"])
    async with served(create_counterparts(simulated)) as url:
        addresses["own"] = url
        secret = SecretStr(SECRET.decode())
        changes: dict[str, object] = {"owner_url": "https://owner.payesh.test/owner"}
        for name in ("owner_register", "messages", "payments"):
            changes |= {f"{name}_url": url, f"{name}_secret": secret}
        settings = office.settings.model_copy(update=changes)
        app = create(settings)
        async with served(app) as tickets:
            addresses["tickets"] = tickets
            replica = Office(
                tickets, settings, app, office.database, office.producer, office.recorded
            )
            yield Connected(replica, simulated, url)


async def notified(connected: Connected) -> str:
    path = await issued(connected.office)

    async def is_notified() -> bool:
        return bool((await read(connected.office, path))["state"] == "notified")

    await eventually(is_notified)
    return path


async def test_the_owner_of_an_issued_citation_is_sent_its_address_once(
    connected: Connected,
) -> None:
    path = await notified(connected)
    found = await read(connected.office, path)
    assert (found["owed_rial"], found["due_at"] is not None) == (2_000_000, True)
    assert (await steps(connected.office, path))[-1] == ("notify", "notifier")
    number = found["number"].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    told = [each for each in connected.simulated.messages if number in each.text]
    assert len(told) == 1
    assert "https://owner.payesh.test/owner" in told[0].text
    assert "۳۴۵" not in told[0].text.replace(number, ""), "a plate is in no message"


async def test_an_unknown_owner_leaves_it_issued_and_the_desk_says_why(
    connected: Connected,
) -> None:
    connected.simulated.unknown_plates.add("12ب34567")
    try:
        path = await issued(connected.office)
        citation_id = UUID(path.rpartition("/")[2])
        dependencies = connected.office.app.state.dependencies

        async def fault() -> str | None:
            async with dependencies.database.transaction() as session:
                return await notification_jobs.last_fault(session, citation_id)

        async def is_noted() -> bool:
            return await fault() == "owner-unknown"

        await eventually(is_noted)
        assert (await read(connected.office, path))["state"] == "issued"
    finally:
        connected.simulated.unknown_plates.clear()


async def test_a_repeated_call_is_one_message_and_a_foreign_secret_is_refused(
    connected: Connected,
) -> None:
    messages, key = Messages(connected.at()), uuid4().hex
    owner, before = Owner("+989000000001"), len(connected.simulated.messages)
    assert await messages.send(owner, "x", key=key) == await messages.send(owner, "x", key=key)
    assert len(connected.simulated.messages) == before + 1
    with pytest.raises(CounterpartRefused):
        await Messages(connected.at(b"another")).send(owner, "x", key=uuid4().hex)
    assert "9890" not in repr(owner)


async def test_a_counterpart_that_fails_is_tried_three_times_and_is_away() -> None:
    app, asked = FastAPI(), []

    @app.post("/v1/owners/lookup")
    async def fail(request: Request) -> str:
        asked.append(request.headers["Idempotency-Key"])
        return "no object"

    async with served(app) as url:
        register = OwnerRegister(Counterpart("owner register", url, SECRET))
        with pytest.raises(DependencyFault, match="owner register is unavailable"):
            await register.owner_of("12ب34567", citation_id=uuid4())
    assert len(asked) == 3 and len(set(asked)) == 1
    gone = OwnerRegister(Counterpart("owner register", url, SECRET))
    with pytest.raises(DependencyFault):
        await gone.owner_of("12ب34567", citation_id=uuid4())


async def test_an_owner_pays_at_the_gateway_and_is_counted_once(connected: Connected) -> None:
    path = await notified(connected)
    citation_id = UUID(path.rpartition("/")[2])
    gateway = PaymentGateway(connected.at())
    begun = await gateway.begin(
        citation_id, 2_000_000, return_to="https://owner.payesh.test/owner", key=uuid4().hex
    )
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(begun.address)).is_success
        paid = await browser.post(begun.address)
    assert (paid.status_code, paid.headers["location"]) == (303, "https://owner.payesh.test/owner")
    assert (await read(connected.office, path))["state"] == "paid"
    told = await asyncio.gather(*(connected.simulated.call_back(begun.reference) for _ in range(4)))
    assert told == [200] * 4
    assert [step for step, _ in await steps(connected.office, path)].count("pay") == 1
    async with connected.office.database.transaction() as session:
        stored = await payments.find(session, "gateway", begun.reference)
    assert stored is not None and stored.refund_due_since is None


async def test_what_is_paid_and_not_owed_is_to_be_given_back(connected: Connected) -> None:
    path = await notified(connected)
    citation_id = UUID(path.rpartition("/")[2])
    begun = await PaymentGateway(connected.at()).begin(
        citation_id, 2_000_000, return_to="https://owner.payesh.test/owner", key=uuid4().hex
    )
    assert (await sent(connected.office, "clerk", f"{path}/objections", OBJECTION)).is_success
    assert await connected.simulated.call_back(begun.reference) == 200
    assert (await read(connected.office, path))["state"] == "objected"
    async with connected.office.database.transaction() as session:
        stored = await payments.find(session, "gateway", begun.reference)
    assert stored is not None and stored.refund_due_since is not None


async def test_a_report_that_is_not_the_gateways_is_refused(
    connected: Connected, office: Office
) -> None:
    path = await notified(connected)
    body = (
        f'{{"reference": "x-1", "citation_id": "{path.rpartition("/")[2]}", '
        '"amount_rial": 2000000}'
    ).encode()

    def signed(secret: bytes, at_s: int) -> dict[str, str]:
        return signed_headers(secret, method="POST", path=CALLBACK, body=body, key="x-1", at_s=at_s)

    now = int(time.time())
    async with httpx.AsyncClient(base_url=connected.office.url) as http:
        for headers in ({}, signed(b"another", now), signed(SECRET, now - 301)):
            answer = await http.post(CALLBACK, content=body, headers=headers)
            assert answer.status_code == 401
        assert (await read(connected.office, path))["state"] == "notified"
    async with httpx.AsyncClient(base_url=office.url) as http:
        absent = await http.post(CALLBACK, content=body, headers=signed(SECRET, now))
        assert problem(absent)[0] == 404

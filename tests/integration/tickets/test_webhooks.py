"""Other agencies are told over HTTP what became of a citation: signed, in order, until they have
it, and only while they may know."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import func, select, update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from payesh.contracts import TokensRevoked
from payesh.kit.webhooks import Announcement, announce
from payesh.tickets.adapters.tables import metadata
from tests.integration.tickets.conftest import SIGNER, Office
from tests.integration.tickets.test_desk_promises import ISSUE, REJECT
from tests.support.problems import problem
from tests.support.serving import served
from tests.support.waiting import eventually

endpoints = metadata.tables["webhook_endpoints"]
deliveries = metadata.tables["webhook_deliveries"]
ISSUED, REJECTED, CLOSED = "citation.issued", "citation.rejected", "citation.closed"
SCOPE = "citations:read citations:subscribe"


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    path: str


@dataclass
class Receiver:
    """Another agency's server: answers with the statuses in `answers`, then with 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def kinds(self, secret: str) -> list[str]:
        """The types received, each signature verified as a receiver's library does it."""
        return [self.verified(secret, each)["type"] for each in self.received]

    @staticmethod
    def verified(secret: str, received: Received) -> dict[str, Any]:
        found: dict[str, Any] = Webhook(secret).verify(received.body, received.headers)
        return found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found, app = Receiver(), FastAPI()

    @app.post("/{path:path}")
    async def receive(request: Request, path: str) -> Response:
        found.received.append(Received(dict(request.headers), await request.body(), path))
        status = found.answers.pop(0) if found.answers else 204
        return Response(status_code=status, headers={"location": f"{found.url}/elsewhere"})

    async with served(app) as url:
        found.url = url
        yield found


def client(office: Office, name: str, **changes: Any) -> httpx.AsyncClient:
    given = {"act": None, "client_id": name, "scope": SCOPE, **changes}
    headers = {"Authorization": f"Bearer {SIGNER.token(name, **given)}"}
    return httpx.AsyncClient(base_url=office.url, headers=headers, timeout=20)


@pytest.fixture
async def agency(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with client(office, f"agency-{uuid4().hex[:8]}", counties="*") as http:
        yield http
        for each in (await http.get("/v1/webhooks")).json()["items"]:
            await http.delete(f"/v1/webhooks/{each['endpoint_id']}")


async def added(http: httpx.AsyncClient, url: str, *types: str) -> tuple[str, str]:
    """The path of a new endpoint, and its secret."""
    answer = await http.post("/v1/webhooks", json={"url": url, "types": types})
    assert answer.status_code == 201, answer.text
    return f"/v1/webhooks/{answer.json()['endpoint_id']}", answer.json()["secret"]


async def decided(office: Office, decision: dict[str, str]) -> UUID:
    citation_id = await office.draft()
    async with office.client("sara") as sara:
        await sara.post(f"/v1/citations/{citation_id}/claim")
        answer = await sara.post(f"/v1/citations/{citation_id}/decide", json=decision)
        assert answer.is_success, answer.text
    return citation_id


async def try_again_now(office: Office, path: str) -> None:
    async with office.database.transaction() as session:
        await session.execute(
            update(endpoints)
            .where(endpoints.c.endpoint_id == UUID(path.rsplit("/", 1)[1]))
            .values(not_before=func.now())
        )


async def test_an_agency_is_told_what_became_of_a_citation_and_nothing_about_its_driver(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    _, secret = await added(agency, f"{receiver.url}/in?of=payesh", ISSUED, REJECTED, CLOSED)
    issued = await decided(office, ISSUE)
    rejected = await decided(office, REJECT)
    async with office.client("nader") as nader:
        answer = await nader.post(f"/v1/citations/{issued}/void", json={"note": "یک خطا"})
        assert answer.is_success, answer.text
        found = (await nader.get(f"/v1/citations/{issued}")).json()
    await eventually(lambda: len(receiver.received) >= 3)
    assert receiver.kinds(secret) == [ISSUED, REJECTED, CLOSED]
    first, second, third = (receiver.verified(secret, each) for each in receiver.received)
    assert first["data"] == {
        "citation_id": str(issued),
        "county": found["county"],
        "number": found["number"],
    }
    assert second["data"] == {
        "citation_id": str(rejected),
        "county": found["county"],
        "reason": "plate_wrong",
    }
    closed = {"citation_id": str(issued), "county": found["county"], "reason": "void"}
    assert third["data"] == closed
    for each in receiver.received:
        text = each.body.decode() + str(each.headers)
        assert not any(secret_word in text for secret_word in ("12ب", "۱۲", "sara", "nader"))
    altered = Received(receiver.received[0].headers, receiver.received[0].body + b" ", "")
    with pytest.raises(WebhookVerificationError):
        receiver.verified(secret, altered)


async def test_a_receiver_that_fails_has_everything_later_once_and_in_order(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [500, 429, 307]
    path, secret = await added(agency, receiver.url, ISSUED, REJECTED)
    await decided(office, ISSUE)
    await decided(office, REJECT)
    for tries in (1, 2, 3):
        await eventually(lambda: len(receiver.received) >= tries)  # noqa: B023
        await eventually(lambda: waits_again(office, path, tries))  # noqa: B023
        shown = (await agency.get(path)).json()
        assert (shown["state"], shown["waiting"]) == ("on", 2)
        assert shown["next_attempt_at"] > datetime.now(UTC).isoformat()
        await try_again_now(office, path)
    await eventually(lambda: len(receiver.received) >= 5)
    assert receiver.kinds(secret) == [ISSUED] * 4 + [REJECTED]
    ids = [each.headers["webhook-id"] for each in receiver.received]
    assert (len(set(ids[:4])), len(set(ids))) == (1, 2)
    assert {each.path for each in receiver.received} == {""}, "a redirect was followed"
    await eventually(lambda: all_delivered(agency, path, 2))
    shown = (await agency.get(path)).json()
    assert (shown["waiting"], shown["failing_since"]) == (0, None)


async def waits_again(office: Office, path: str, failures: int) -> bool:
    endpoint_id = UUID(path.rsplit("/", 1)[1])
    async with office.database.transaction() as session:
        query = select(endpoints.c.failures, endpoints.c.claim).where(
            endpoints.c.endpoint_id == endpoint_id
        )
        row = (await session.execute(query)).one()
    return (row.failures, row.claim) == (failures, None)


async def all_delivered(agency: httpx.AsyncClient, path: str, count: int) -> bool:
    items = (await agency.get(f"{path}/deliveries")).json()["items"]
    return len(items) == count and all(each["outcome"] == "204" for each in items)


async def test_one_receiver_that_is_away_keeps_no_other_waiting(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    away = [await added(agency, f"http://127.0.0.1:{port}/", ISSUED) for port in (1, 2, 3)]
    _, secret = await added(agency, receiver.url, ISSUED)
    await decided(office, ISSUE)
    await eventually(lambda: bool(receiver.received))
    assert receiver.kinds(secret) == [ISSUED]
    for path, _ in away:
        await eventually(lambda: waits_again(office, path, 1))  # noqa: B023
        (only,) = (await agency.get(f"{path}/deliveries")).json()["items"]
        assert (only["outcome"], only["ended_at"]) == ("cannot connect", None)


async def test_another_county_is_not_announced(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    async with client(office, f"shahrud-{uuid4().hex[:8]}", counties=["shahrud"]) as elsewhere:
        other, _ = await added(elsewhere, f"{receiver.url}/shahrud", ISSUED)
        await added(agency, f"{receiver.url}/all", ISSUED)
        await decided(office, ISSUE)
        await eventually(lambda: bool(receiver.received))
        assert (await elsewhere.get(f"{other}/deliveries")).json()["items"] == []
        assert [each.path for each in receiver.received] == ["all"]
        hidden = await agency.get(other)
        assert problem(hidden) == (404, "not-found")
        await elsewhere.delete(other)


async def test_nothing_is_sent_to_a_client_that_was_revoked_until_it_renews(
    office: Office, receiver: Receiver
) -> None:
    name = f"agency-{uuid4().hex[:8]}"
    async with client(office, name, counties="*", rev=0) as http:
        path, _ = await added(http, receiver.url, ISSUED)
    now = datetime.now(UTC)
    await office.publish(
        TokensRevoked(
            revoked=f"client:{name}",
            number=2**40,
            revoked_at=now + timedelta(seconds=1),
            expires_at=now + timedelta(minutes=10),
        )
    )

    async def paused() -> bool:
        async with office.database.transaction() as session:
            query = select(endpoints.c.paused).where(
                endpoints.c.endpoint_id == UUID(path.rsplit("/", 1)[1])
            )
            return await session.scalar(query) == "revoked"

    await eventually(paused)
    await decided(office, ISSUE)
    async with client(office, name, counties="*", rev=2**40) as http:
        assert (await http.get(path)).json()["state"] == "revoked"
        assert (await http.get(f"{path}/deliveries")).json()["items"] == []
        assert receiver.received == []
        await asyncio.sleep(1.1)  # until what is issued is issued after the revocation
        assert (await http.post(f"{path}/renew")).json()["state"] == "on"
        await decided(office, ISSUE)
        await eventually(lambda: len(receiver.received) == 1)
        await http.delete(path)


async def test_what_was_announced_is_replayed_under_its_ids(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    path, secret = await added(agency, receiver.url, ISSUED)
    before = datetime.now(UTC) - timedelta(seconds=5)
    await decided(office, ISSUE)
    await eventually(lambda: all_delivered(agency, path, 1))
    answer = await agency.post(f"{path}/replay", json={"from": before.isoformat()})
    assert answer.json() == {"queued": 1}
    await eventually(lambda: len(receiver.received) == 2)
    one, two = receiver.received
    assert one.body == two.body
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert receiver.kinds(secret) == [ISSUED] * 2


async def test_a_new_secret_and_the_former_one_sign_for_a_day(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    path, former = await added(agency, receiver.url, ISSUED)
    following = (await agency.post(f"{path}/secret")).json()["secret"]
    assert following != former
    assert (await agency.post(f"{path}/test")).status_code == 202
    await eventually(lambda: bool(receiver.received))
    assert receiver.kinds(former) == receiver.kinds(following) == ["webhook.test"]
    async with office.database.transaction() as session:
        await session.execute(
            update(endpoints)
            .where(endpoints.c.endpoint_id == UUID(path.rsplit("/", 1)[1]))
            .values(secret_changed_at=func.now() - timedelta(hours=25))
        )
    await agency.post(f"{path}/test")
    await eventually(lambda: len(receiver.received) == 2)
    assert receiver.verified(following, receiver.received[1])["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        receiver.verified(former, receiver.received[1])


async def test_what_a_dead_replica_held_is_sent_by_another(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    path, _ = await added(agency, receiver.url, ISSUED)
    endpoint_id = UUID(path.rsplit("/", 1)[1])

    async def held_until(seconds: float) -> None:
        async with office.database.transaction() as session:
            await session.execute(
                update(endpoints)
                .where(endpoints.c.endpoint_id == endpoint_id)
                .values(claim=uuid4(), claimed_until=func.now() + timedelta(seconds=seconds))
            )

    await held_until(600)
    await decided(office, ISSUE)
    await asyncio.sleep(3)  # longer than a poll
    assert receiver.received == []
    await held_until(-1)
    await eventually(lambda: len(receiver.received) == 1)


async def test_an_endpoint_that_is_gone_or_was_not_renewed_is_sent_nothing(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [410]
    path, _ = await added(agency, receiver.url, ISSUED)
    await agency.post(f"{path}/test")

    async def state() -> str:
        return str((await agency.get(path)).json()["state"])

    async def gone() -> bool:
        return await state() == "gone"

    await eventually(gone)
    assert (await agency.post(f"{path}/renew")).json()["state"] == "on"
    await eventually(lambda: len(receiver.received) == 2)
    async with office.database.transaction() as session:
        await session.execute(
            update(endpoints)
            .where(endpoints.c.endpoint_id == UUID(path.rsplit("/", 1)[1]))
            .values(stands_until=func.now())
        )
    assert await state() == "lapsed"
    await decided(office, ISSUE)
    assert len((await agency.get(f"{path}/deliveries")).json()["items"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.7]/",
        "https://user:pass@127.0.0.1/",
        "https://127.0.0.1/#part",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1/\n",
        "https:///path",
        "https://شهرداری.example/",
        "https://127.0.0.1/" + "a" * 490,
    ],
)
async def test_where_no_delivery_may_go_is_refused(agency: httpx.AsyncClient, url: str) -> None:
    answer = await agency.post("/v1/webhooks", json={"url": url, "types": [ISSUED]})
    assert answer.status_code == 422, answer.text
    assert "pass" not in answer.text.replace("passage", "")


async def test_who_keeps_an_endpoint_is_a_machine_that_may_read_what_it_is_sent(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    wanted = {"url": receiver.url, "types": [ISSUED]}
    async with office.client("sara") as sara:
        assert problem(await sara.post("/v1/webhooks", json=wanted)) == (403, "machine")
    async with client(office, "narrow", scope="citations:subscribe") as narrow:
        assert problem(await narrow.post("/v1/webhooks", json=wanted)) == (403, "missing-scope")
    unknown = {**wanted, "types": ["citation.read"]}
    assert problem(await agency.post("/v1/webhooks", json=unknown)) == (422, "webhook-type")
    answers = await asyncio.gather(*(agency.post("/v1/webhooks", json=wanted) for _ in range(12)))
    assert sorted(each.status_code for each in answers) == [201] * 10 + [409] * 2


async def test_deliveries_are_paged(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    path, _ = await added(agency, receiver.url, ISSUED)
    sent = [(await agency.post(f"{path}/test")).json()["delivery_id"] for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        answer = await agency.get(f"{path}/deliveries", params={"limit": 2, "cursor": cursor})
        found += [each["delivery_id"] for each in answer.json()["items"]]
        cursor = answer.json()["next"]
    assert found == sent[::-1]


async def test_an_endpoint_is_removed_in_the_middle_of_its_deliveries(
    office: Office, agency: httpx.AsyncClient, receiver: Receiver
) -> None:
    async def lives_shortly(number: int) -> None:
        path, _ = await added(agency, receiver.url, ISSUED)
        for _ in range(4):
            await agency.post(f"{path}/test")
        await asyncio.sleep(0.01 * number)
        answer = await agency.delete(path)
        assert answer.status_code == 204, answer.text

    async def announced() -> None:
        async with office.database.transaction() as session:
            await announce(
                session, Announcement(ISSUED, datetime.now(UTC), {}, "semnan", "highway")
            )
            await asyncio.sleep(0.005)

    for _ in range(6):
        await asyncio.gather(*map(lives_shortly, range(8)), *(announced() for _ in range(8)))

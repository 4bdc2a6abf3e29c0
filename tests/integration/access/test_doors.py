"""Who comes in by the routes of access, and what is on record of the others."""

import secrets
from typing import Any
from uuid import uuid4

import httpx

from payesh.access.main import create
from payesh.contracts import AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.contracts.audiences import audience_of
from payesh.kit.query_digests import QueryDigests
from tests.support.doors import (
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY
from tests.support.problems import problem
from tests.support.waiting import eventually

from .conftest import PURPOSE, RunningAccess
from .test_audit import found

DIGESTS = QueryDigests(QUERY_KEY)


def ids() -> dict[str, str]:
    return {
        "agency_id": "none",
        "client_id": "none",
        "person_id": str(uuid4()),
        "alarm_id": str(uuid4()),
        "decoy_id": str(uuid4()),
        "position": "0",
        "first": "1",
    }


async def machine(
    access: RunningAccess, service: str = "access", **rights: Any
) -> tuple[str, dict[str, str]]:
    """A new client's id, and headers with its token for a service."""
    made = (await access.new_client(**rights)).json()
    client_id = made["client"]["client_id"]
    answer = await access.token(client_id, made["client_secret"], resource=audience_of(service))
    token = answer.json()["access_token"]
    return client_id, {"Authorization": f"Bearer {token}", **PURPOSE}


async def audited(access: RunningAccess, subject: str, number: int) -> list[AuditReadRecorded]:
    records: list[AuditReadRecorded] = []

    async def all_here() -> bool:
        bodies = await found(access, service="access", subject=subject, limit="200")
        records[:] = [AuditReadRecorded.model_validate(each, strict=False) for each in bodies]
        return len(records) >= number

    await eventually(all_here)
    return sorted(records, key=lambda each: each.sequence)


async def test_every_route_is_shut_to_strangers_and_records_whom_it_refuses(
    access: RunningAccess,
) -> None:
    routes = doors(create(access.settings), **ids())
    _, elsewhere = await machine(access, "tickets", scopes=["law:read"])
    strangers = {"no token": access.http, "wrong audience": lambda: access.http(headers=elsewhere)}
    await admits_no_stranger(routes, strangers)
    client_id, headers = await machine(access, scopes=["law:read"])
    await records_who_lacks_the_scope(
        routes, access.http(headers=headers), lambda number: audited(access, client_id, number)
    )


async def test_every_route_has_a_quota(access: RunningAccess) -> None:
    app = create(access.settings.model_copy(update={"requests_per_minute": 1}))
    routes = doors(app, **ids())
    tokens = [(await machine(access, scopes=["law:read"]))[1] for _ in routes]

    def caller(number: int) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(
            transport=transport, base_url="http://access", headers=tokens[number]
        )

    await stops_who_asks_too_often(routes, caller)
    await app.state.dependencies.database.close()


async def test_another_agencys_accounts_are_hidden_and_the_attempts_recorded(
    access: RunningAccess,
) -> None:
    agency = f"agency-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    person = (await access.new_person(agency=agency)).json()["person_id"]
    client = (await access.new_client(agency=agency)).json()["client"]["client_id"]
    scopes = ["people:read", "people:write", "clients:read", "clients:write"]
    subject, headers = await machine(access, scopes=scopes, counties="*")
    attempts = [
        ("GET", f"/v1/people/{person}", "people:read"),
        ("PATCH", f"/v1/people/{person}", "people:write"),
        ("GET", f"/v1/clients/{client}", "clients:read"),
        ("PATCH", f"/v1/clients/{client}", "clients:write"),
        ("POST", f"/v1/clients/{client}/secret", "clients:write"),
    ]
    async with access.http(headers=headers) as http:
        for method, path, _ in attempts:
            body: dict[str, Any] | None = {} if method == "PATCH" else None
            refused = await http.request(method, path, json=body)
            assert problem(refused) == (404, "not-found"), path
        await http.get(f"/v1/people/{uuid4()}")  # there is none: nothing was hidden
    records = await audited(access, subject, len(attempts))
    assert [each.scope for each in records] == [scope for _, _, scope in attempts]
    assert {each.outcome for each in records} == {AuditOutcome.DENIED}
    assert records[0].resource_ids == (person,)
    assert records[0].query_digest == DIGESTS.term("person_id", person)


async def test_what_was_searched_in_the_log_is_recorded_digested(access: RunningAccess) -> None:
    client_id, headers = await machine(access, scopes=["audit:read", "people:read"], counties="*")
    async with access.http(headers=headers) as http:
        assert (await http.get("/v1/audit", params={"subject": "person:reza"})).is_success
        assert (await http.get("/v1/people")).is_success
    search, listing = await audited(access, client_id, 2)
    assert search.query_terms == (DIGESTS.term("subject", "person:reza"),)
    assert listing.query_digest == DIGESTS.of({}).whole

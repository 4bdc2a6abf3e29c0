"""Who comes in by the routes of access, and what is on record of the others."""

import secrets
from typing import Any
from uuid import uuid4

import httpx

from payesh.access.main import create
from payesh.contracts import AuditReadRecorded
from payesh.contracts.audiences import audience_of
from payesh.kit.query_digests import QueryDigests
from tests.support.doors import (
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    shows_nothing_of_elsewhere,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY
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


OPERATOR = "the operator's own, of no agency"
LOG = "of the caller's agency alone: test_audit.py"
WITHOUT_AGENCY = {
    **dict.fromkeys(
        [
            "GET /v1/agencies",
            "POST /v1/agencies",
            "PATCH /v1/agencies/{agency_id}",
            "GET /administration/agencies",
            "GET /administration/keys",
            "GET /v1/keys",
            "POST /v1/keys/rotate",
            "GET /v1/audit/alarms",
            "POST /v1/audit/alarms/{alarm_id}/review",
            "GET /v1/audit/decoys",
            "POST /v1/audit/decoys",
            "POST /v1/audit/decoys/{decoy_id}/confirm",
            "POST /v1/audit/decoys/{decoy_id}/retire",
            "GET /v1/audit/gaps",
            "GET /v1/audit/tree-head",
            "POST /v1/audit/tree-head-key/rotate",
            "GET /v1/audit/tree-heads",
            "GET /v1/audit/tree-heads/{first}/consistency",
            "GET /v1/audit/records/{position}/proof",
        ],
        OPERATOR,
    ),
    "GET /v1/audit": LOG,
    "GET /v1/audit/export": LOG,
    "POST /v1/audit/plate-searches": LOG,
    "POST /v1/people": "makes an account of the caller's own rights: test_rights.py",
    "POST /v1/clients": "makes a client of the caller's own rights: test_rights.py",
}


async def test_another_agencys_accounts_are_hidden_and_the_attempts_recorded(
    access: RunningAccess,
) -> None:
    agency = f"agency-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    person = (await access.new_person(agency=agency)).json()["person_id"]
    client = (await access.new_client(agency=agency)).json()["client"]["client_id"]
    scopes = ["people:read", "people:write", "clients:read", "clients:write"]
    subject, headers = await machine(access, scopes=scopes, counties="*")
    body: dict[str, Any] = {"json": {}}
    await shows_nothing_of_elsewhere(
        doors(create(access.settings), **{**ids(), "person_id": person, "client_id": client}),
        access.http(headers=headers),
        lambda number: audited(access, subject, number),
        hidden=agency,
        lists=[
            "GET /v1/people",
            "GET /v1/clients",
            "GET /administration/people",
            "GET /administration/clients",
        ],
        without=WITHOUT_AGENCY,
        sent={
            "PATCH /v1/people/{person_id}": body,
            "PATCH /v1/clients/{client_id}": body,
            "POST /v1/clients/{client_id}/approve": {"json": {"proposal": "0" * 64}},
        },
    )
    async with access.http(headers=headers) as http:
        await http.get(f"/v1/people/{uuid4()}")  # there is none: nothing was hidden
    records = await audited(access, subject, 6)
    of_person = next(each for each in records if each.scope == "people:read")
    assert of_person.resource_ids == (person,)
    assert of_person.query_digest == DIGESTS.term("person_id", person)


async def test_what_an_administrator_changes_is_on_record(access: RunningAccess) -> None:
    """Who steals the rights of one leaves a trace, also where nothing was refused."""
    agency = f"agency-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    await access.patch(f"/v1/agencies/{agency}", {"enabled": True})
    client = (await access.new_client()).json()["client"]["client_id"]
    await access.patch(f"/v1/clients/{client}", {"name": "other"})
    await access.post(f"/v1/clients/{client}/secret", {})
    await access.get(f"/v1/clients/{client}")
    key = (await access.post("/v1/keys/rotate", {})).json()["key_id"]
    wanted = {
        agency: {("register", "agency"), ("change", "agency")},
        client: {
            ("register", "client"),
            ("change", "client"),
            ("renew-secret", "client"),
            ("read", "client"),
        },
        key: {("rotate", "signing-key")},
    }

    async def recorded() -> bool:
        actions = {
            each: {
                (record["action"], record["resource_kind"])
                for record in await found(access, service="access", resource=each)
                if record["outcome"] == "granted"
            }
            for each in wanted
        }
        return actions == wanted

    await eventually(recorded)
    _, headers = await machine(access, scopes=["people:read"], counties="*")

    async def new_key_is_known() -> bool:  # within two seconds; the next tests sign with it
        async with access.http(headers=headers) as http:
            return (await http.get("/v1/people")).is_success

    await eventually(new_key_is_known)


async def test_what_was_searched_in_the_log_is_recorded_digested(access: RunningAccess) -> None:
    client_id, headers = await machine(access, scopes=["audit:read", "people:read"], counties="*")
    async with access.http(headers=headers) as http:
        assert (await http.get("/v1/audit", params={"subject": "person:reza"})).is_success
        assert (await http.get("/v1/people")).is_success
    search, listing = await audited(access, client_id, 2)
    assert search.query_terms == (DIGESTS.term("subject", "person:reza"),)
    assert listing.query_digest == DIGESTS.of({}).whole

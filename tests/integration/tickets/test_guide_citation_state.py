"""The guide's state, one module and one registration, lives in database, API and page."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
import pytest

import payesh.tickets.domain
from payesh.contracts.access import AuditOutcome
from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.kit.tokens import principal_from_claims
from payesh.tickets.adapters import citations
from payesh.tickets.domain import life
from payesh.tickets.handlers import actions, taking
from tests.integration.tickets.conftest import Office, claims
from tests.support.guides import code_blocks, module_of

MODULE, REGISTRATION, USE_CASE = code_blocks("add-a-citation-state.md")


@pytest.fixture
def referral() -> Iterator[ModuleType]:
    assert payesh.tickets.domain.__file__
    with module_of("payesh.tickets.domain.referral", MODULE) as module:
        yield module


@pytest.fixture
def registered(referral: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, entered in `PARTS` as the guide's line has it."""
    names: dict[str, Any] = {name.upper(): part for name, part in life.PARTS.items()}
    names |= {"REFERRAL": referral.REFERRAL, "Part": object}
    exec(REGISTRATION, names)  # noqa: S102 - the guide's own code
    monkeypatch.setattr(life, "PARTS", names["PARTS"])
    return referral


@pytest.fixture
def use_case(registered: ModuleType) -> Iterator[ModuleType]:
    """The guide's function, with the imports that its file would have."""
    imports = """
from uuid import UUID
from payesh.kit.authorization import Principal
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import referral
from payesh.tickets.domain.standing import Step
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.taking import locked, take
"""
    with module_of("payesh.tickets.handlers.referring", imports, USE_CASE) as module:
        yield module


def officer(subject: str = "sara") -> Principal:
    return principal_from_claims(claims(subject, purpose="test"))


async def referred(office: Office, use_case: ModuleType) -> UUID:
    """A draft that sara claimed and referred."""
    citation_id = await office.draft()
    async with office.client("sara") as http:
        assert (await http.post(f"/v1/citations/{citation_id}/claim")).status_code == 200
    dependencies = office.app.state.dependencies
    stored = await use_case.refer(dependencies, officer(), citation_id)
    assert stored.state == "referred"
    return citation_id


async def give_back(
    office: Office,
    referral: ModuleType,
    citation_id: UUID,
    action: actions.Action,
    *,
    is_supervisor: bool,
) -> None:
    dependencies, principal = office.app.state.dependencies, officer("supervisor")
    async with taking.locked(dependencies, principal, citation_id, action) as (session, citation):
        step = referral.Returning(
            by=principal.subject, at=citation.now, is_supervisor=is_supervisor
        )
        await taking.take(dependencies, session, citation, referral.RETURN, step)


def test_the_registered_states_are_a_machine(registered: ModuleType) -> None:
    assert list(life.faults()) == []
    states = {"drafted", "decided", "returned", "corrected", "referred"}
    assert life.may_follow("drafted") == states
    assert life.may_follow("referred") == {"drafted"}
    assert life.vocabulary()["referred"] == registered.REFERRED.meaning


async def test_a_transition_stores_it_and_ends_the_claim(
    office: Office, use_case: ModuleType
) -> None:
    citation_id = await referred(office, use_case)
    async with office.database.transaction() as session:
        stored = await citations.find(session, citation_id)
    assert stored is not None
    assert (stored.standing.state, stored.standing.hold) == ("referred", None)
    async with office.client("reza") as http:
        refused = await http.post(f"/v1/citations/{citation_id}/claim")
    assert refused.json()["type"] == "urn:payesh:problem:already-decided"


async def test_its_guards_refuse_and_the_way_back_is_taken(
    office: Office, use_case: ModuleType, referral: ModuleType
) -> None:
    dependencies = office.app.state.dependencies
    unclaimed = await office.draft()
    with pytest.raises(Conflict) as refused:
        await use_case.refer(dependencies, officer(), unclaimed)
    assert refused.value.type == "claim-required"
    citation_id = await referred(office, use_case)
    with pytest.raises(Conflict) as refused:
        await use_case.refer(dependencies, officer(), citation_id)
    assert refused.value.type == "not-in-this-state"
    back = actions.Action("return", "citations:decide")
    with pytest.raises(Conflict) as refused:
        await give_back(office, referral, citation_id, back, is_supervisor=False)
    assert refused.value.type == "supervisors-only"
    await give_back(office, referral, citation_id, back, is_supervisor=True)
    async with office.client("reza") as http:
        claimed = await http.post(f"/v1/citations/{citation_id}/claim")
    assert claimed.json()["state"] == "claimed"


async def test_each_step_is_recorded_with_the_scope_of_its_action(
    office: Office, use_case: ModuleType
) -> None:
    citation_id = await office.draft()
    dependencies = office.app.state.dependencies
    reader = officer("referrer")
    async with office.client("referrer") as http:
        await http.post(f"/v1/citations/{citation_id}/claim")
    await use_case.refer(dependencies, reader, citation_id)
    recorded = await office.audited("referrer", 2)
    assert [(each.action, each.scope, each.outcome) for each in recorded] == [
        ("claim", "citations:decide", AuditOutcome.GRANTED),
        ("refer", "citations:decide", AuditOutcome.GRANTED),
    ]


async def test_the_api_shows_and_finds_it(office: Office, use_case: ModuleType) -> None:
    citation_id = str(await referred(office, use_case))
    async with office.client("sara") as http:
        found = (await http.get(f"/v1/citations/{citation_id}")).json()
        assert (found["state"], found["claimed_by"]) == ("referred", None)
        for state, is_listed in (("referred", True), ("drafted", False), ("claimed", False)):
            listed = (await http.get("/v1/citations", params={"state": state})).json()["items"]
            assert (citation_id in {each["citation_id"] for each in listed}) is is_listed, state


async def test_the_officers_page_shows_it_without_a_step_to_take(
    office: Office, use_case: ModuleType
) -> None:
    citation_id = str(await referred(office, use_case))
    value, _ = await Sessions(office.database).begin(claims("sara"), "test")
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: value}) as http:
        for headers in ({}, {"X-Partial": "1"}):
            page = await http.get(f"/queue/{citation_id}", headers=headers)
            assert page.status_code == 200
            assert "وضعیت: referred" in page.text
            assert 'data-act="claim"' not in page.text
        queue = await http.get("/queue", headers={"X-Partial": "1"})
    assert queue.status_code == 200
    assert citation_id not in queue.text


async def test_a_replica_that_does_not_know_it_yet_reads_it_all_the_same(
    office: Office, use_case: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    citation_id = await referred(office, use_case)
    monkeypatch.undo()
    assert "referred" not in life.vocabulary()
    async with office.client("sara") as http:
        found = await http.get(f"/v1/citations/{citation_id}")
        assert (found.status_code, found.json()["state"]) == (200, "referred")
        assert (await http.get("/v1/citations", params={"state": "referred"})).status_code == 422

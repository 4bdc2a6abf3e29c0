"""The supervisor's figures of the desk, and the lifting of a camera's suspension."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from payesh.contracts.access import AuditOutcome
from payesh.kit.audit import record_read
from payesh.kit.errors import Forbidden, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import (
    citations,
    desk_figures,
    holds,
    second_looks,
    suspensions,
    warning_periods,
)
from payesh.tickets.adapters.desk_figures import Backlog, Throughput
from payesh.tickets.adapters.second_looks import Looks
from payesh.tickets.adapters.stored_citation import PlacedHold, StoredCitation
from payesh.tickets.adapters.suspensions import Suspension
from payesh.tickets.adapters.warning_periods import StoredPeriod
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.second_look import WrongfulRate
from payesh.tickets.domain.supervision import RETURNED
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import record
from payesh.tickets.settings import Settings

Rates = Sequence[tuple[str, WrongfulRate]]


@dataclass(frozen=True, slots=True)
class Oversight:
    """What a supervisor sees of the desk, within bounds."""

    backlog: Backlog
    throughput: Sequence[Throughput]
    looks: Looks
    of_cameras: Rates
    of_rules: Rates
    of_officers: Rates
    suspensions: Sequence[Suspension]
    periods: Sequence[StoredPeriod]
    returned: Sequence[StoredCitation]
    disputed: Sequence[StoredCitation]
    held: Sequence[tuple[StoredCitation, PlacedHold]]
    held_by_kind: Mapping[str, int]


async def oversee(dependencies: Dependencies, principal: Principal) -> Oversight:
    """The figures of now; recorded, for they name officers and list citations."""
    async with dependencies.database.transaction() as session:
        bounds = principal.bounds
        returned = await citations.page(session, bounds, state=RETURNED.name, limit=50)
        ids = await second_looks.disputed(session, bounds)
        disputed = [await citations.find(session, each) for each in ids]
        found = Oversight(
            backlog=await desk_figures.backlog(session, bounds),
            throughput=await desk_figures.throughput(session, bounds),
            looks=await second_looks.looks(session, bounds),
            of_cameras=await second_looks.rates(session, bounds, "camera_id"),
            of_rules=await second_looks.rates(session, bounds, "rule"),
            of_officers=await second_looks.rates(session, bounds, "first_officer"),
            suspensions=await suspensions.page(session, bounds, limit=50),
            periods=await warning_periods.page(session, bounds, limit=50),
            returned=returned,
            disputed=[each for each in disputed if each is not None],
            held=await holds.held_drafts(session, bounds, limit=50),
            held_by_kind=await holds.counts(session, bounds),
        )
        asked = dependencies.digests.of({})
        listed = [*returned, *found.disputed, *(each for each, _ in found.held)]
        await record(session, principal, actions.SUPERVISE, listed, query=asked)
    return found


async def list_suspensions(
    dependencies: Dependencies, principal: Principal, *, limit: int
) -> Sequence[Suspension]:
    """Suspensions within the bounds, lasting ones first; no personal data of drivers."""
    async with dependencies.database.transaction() as session:
        return await suspensions.page(session, principal.bounds, limit=limit)


async def lift(dependencies: Dependencies, principal: Principal, camera_id: str, note: str) -> None:
    """Lift a camera's suspension, with the reason; its rate begins anew. Raises NotFound where none
    lasts within the bounds, Forbidden for a machine; both are recorded."""
    async with dependencies.database.transaction() as session:
        lifted = principal.is_person and await suspensions.lift(
            session, principal.bounds, camera_id, by=principal.subject, note=note
        )
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=actions.LIFT.scope,
            action=actions.LIFT.name,
            resource_kind="camera",
            resource_ids=[camera_id],
            outcome=AuditOutcome.GRANTED if lifted else AuditOutcome.DENIED,
            query=dependencies.digests.of({"camera_id": camera_id}),
        )
    if not principal.is_person:
        raise Forbidden(
            "a person has to do this, signed in by name", type="person-required", is_recorded=True
        )
    if not lifted:
        raise NotFound("no suspension of this camera lasts")

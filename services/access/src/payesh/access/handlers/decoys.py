"""Decoy plates: entered by one person, confirmed by another, and an alarm when one is looked for.

Two people retire one, or who searched for it could retire it before the search arrived. A search
from before its retirement raises the alarm whenever it arrives.

A decoy belongs to no vehicle that anyone has a reason to ask about. What is stored of it are keyed
digests: of its plate, and of each search with unknown places that would find it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import decoys
from payesh.access.adapters.audit_alarms import Alarm
from payesh.access.adapters.decoys import StoredDecoy
from payesh.access.dependencies import Dependencies
from payesh.access.handlers.audit_alarms import require_operator, require_person
from payesh.access.settings import Settings
from payesh.contracts import AuditReadRecorded
from payesh.contracts.audited_query import PLATE, plate_searches
from payesh.kit.audit import record_read
from payesh.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from payesh.kit.principal import Principal

SCOPE = "audit:decoys"
DECOY = "decoy"
_MOST = 1000
_CLOCKS_APART = timedelta(minutes=1)
"""Beyond what the clocks of two services differ: rather an alarm too many."""


def plate_terms(dependencies: Dependencies, plate: str) -> list[str]:
    """The digests of every search that finds this plate, its own first. Raises Unprocessable."""
    try:
        texts = list(plate_searches(plate))
    except ValueError as error:
        raise Unprocessable(str(error), type="plate") from None
    return [dependencies.digests.term(PLATE, each) for each in texts]


async def enter_decoy(
    dependencies: Dependencies, principal: Principal, name: str, plate: str
) -> StoredDecoy:
    """Enter a decoy, which another person has to confirm. Raises Forbidden, Unprocessable."""
    _require_keeper(principal)
    decoy = StoredDecoy(
        decoy_id=uuid4(),
        name=name,
        term=plate_terms(dependencies, plate)[0],
        entered_by=principal.subject,
        entered_at=datetime.now(UTC),
        confirmed_by=None,
        confirmed_at=None,
        retirement_by=None,
        retirement_at=None,
        retired_by=None,
        retired_at=None,
    )
    async with dependencies.database.transaction() as session:
        await decoys.add(session, decoy)
        await _record(session, principal, "enter", [decoy.decoy_id])
    return decoy


async def confirm_decoy(
    dependencies: Dependencies, principal: Principal, decoy_id: UUID, plate: str
) -> None:
    """Confirm a decoy by entering its plate again, as another person: from now on it raises alarms.

    Raises Forbidden, NotFound, Unprocessable, and Conflict for another plate or a second time.
    """
    _require_keeper(principal)
    terms = plate_terms(dependencies, plate)
    async with dependencies.database.transaction() as session:
        decoy = await _found(session, decoy_id)
        if decoy.entered_by == principal.subject:
            raise Forbidden("another person has to confirm it", type="second-person")
        state = decoy.state(datetime.now(UTC))
        if state != "entered":
            raise Conflict(f"it is {state}", type="decoy-state")
        if decoy.term != terms[0]:
            raise Conflict("this is not the plate that was entered", type="other-plate")
        await decoys.confirm(
            session, decoy_id, by=principal.subject, now=datetime.now(UTC), terms=terms
        )
        await _record(session, principal, "confirm", [decoy_id])


async def retire_decoy(
    dependencies: Dependencies, principal: Principal, decoy_id: UUID
) -> StoredDecoy:
    """Propose to retire a decoy, or retire it when another person proposed it within a day. One
    that was never confirmed is retired at once. Raises Forbidden, NotFound, Conflict."""
    _require_keeper(principal)
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        decoy = await _found(session, decoy_id)
        state = decoy.state(now)
        if state == "retired":
            raise Conflict("it is retired", type="decoy-state")
        if state == "retiring" and decoy.retirement_by == principal.subject:
            raise Forbidden("another person has to confirm it", type="second-person")
        if state == "active":
            await decoys.propose_retirement(session, decoy_id, by=principal.subject, now=now)
            await _record(session, principal, "propose-retirement", [decoy_id])
            return replace(decoy, retirement_by=principal.subject, retirement_at=now)
        await decoys.retire(session, decoy_id, by=principal.subject, now=now)
        await _record(session, principal, "retire", [decoy_id])
        return replace(decoy, retired_by=principal.subject, retired_at=now)


async def list_decoys(dependencies: Dependencies, principal: Principal) -> list[StoredDecoy]:
    """The newest 1000 decoys, without their plates, which are not stored. Raises Forbidden."""
    _require_keeper(principal)
    async with dependencies.database.transaction() as session:
        found = await decoys.page(session, _MOST)
        await _record(session, principal, "list", [decoy.decoy_id for decoy in found])
    return found


async def decoy_alarms(
    session: AsyncSession, added: Sequence[tuple[int, AuditReadRecorded]]
) -> list[Alarm]:
    """An alarm for each new record in which a decoy was looked for, granted or denied, before it
    was retired."""
    met = await decoys.met_by(session, {term for _, record in added for term in record.query_terms})
    return [
        Alarm(
            DECOY,
            record.service,
            f"{record.epoch or ''}|{record.sequence}|{decoy_id}",
            {
                "decoy_id": str(decoy_id),
                "position": position,
                "subject": record.subject,
                "agency": record.agency,
                "action": record.action,
                "outcome": record.outcome.value,
                "resource_ids": [f"{record.service}/{record.epoch or ''}/{record.sequence}"],
            },
        )
        for position, record in added
        for decoy_id in sorted(
            {
                decoy_id
                for term in record.query_terms
                for decoy_id, retired_at in met.get(term, ())
                if retired_at is None or record.recorded_at < retired_at + _CLOCKS_APART
            }
        )
    ]


def _require_keeper(principal: Principal) -> None:
    require_operator(principal)
    require_person(principal)


async def _found(session: AsyncSession, decoy_id: UUID) -> StoredDecoy:
    decoy = await decoys.find(session, decoy_id)
    if decoy is None:
        raise NotFound(f"no decoy {decoy_id}")
    return decoy


async def _record(
    session: AsyncSession, principal: Principal, action: str, decoy_ids: Sequence[UUID]
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=SCOPE,
        action=action,
        resource_kind="decoy",
        resource_ids=[str(each) for each in decoy_ids],
    )

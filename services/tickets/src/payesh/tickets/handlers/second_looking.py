"""A final decision is decided again by another officer, who does not know the first decision."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.plate_text import fold
from payesh.kit.errors import Conflict, Forbidden
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations, second_looks, suspensions
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import desk
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import query_of, record
from payesh.tickets.handlers.blinding import blind
from payesh.tickets.handlers.taking import locked

log = structlog.get_logger(__name__)


async def take_next(dependencies: Dependencies, principal: Principal) -> StoredCitation | None:
    """Hold what is to be decided again next, shown blind; None when nothing waits that another
    decided. Raises Forbidden for a machine."""
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")
    async with dependencies.database.transaction() as session:
        found = await second_looks.claim_next(
            session,
            principal.bounds,
            officer=principal.subject,
            lease=dependencies.claim_lease,
        )
        citation = None if found is None else await citations.find(session, found)
        if citation is None:
            return None
        asked = query_of(dependencies, citation)
        await record(session, principal, actions.SECOND_LOOK, [citation], query=asked)
        return await blind(session, citation, principal)


async def decide(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    *,
    plate: str | None,
    reason: Rejection | None,
) -> None:
    """Decide again: with `reason` reject, without it issue to `plate`. The citation stays as it was
    decided; a camera whose rate goes beyond the limit is suspended with this decision.

    Raises Conflict `claim-required` where the officer does not hold it, `plate-differs`,
    `not-exempt`; and what `locked` raises.
    """
    async with locked(dependencies, principal, citation_id, actions.SECOND_LOOK) as (
        session,
        citation,
    ):
        issued = reason is None
        if issued and fold(plate or "") != citation.standing.plate_text:
            raise Conflict(desk.PLATE_DIFFERS.text, type=desk.PLATE_DIFFERS.name)
        if reason is Rejection.EXEMPT_VEHICLE and citation.exempt_under is None:
            raise Conflict(desk.NOT_EXEMPT.text, type=desk.NOT_EXEMPT.name)
        stored = await second_looks.decide(
            session, citation_id, principal.subject, issued=issued, reason=reason
        )
        if not stored:
            raise Conflict(desk.CLAIM_REQUIRED.text, type=desk.CLAIM_REQUIRED.name)
        await _suspend_beyond_the_limit(dependencies, session, citation)


async def _suspend_beyond_the_limit(
    dependencies: Dependencies, session: AsyncSession, citation: StoredCitation
) -> None:
    rate = await second_looks.rate_of_camera(session, citation.camera_id)
    if not rate.is_beyond(dependencies.wrongful_limit, least=dependencies.least_looks):
        return
    if await suspensions.begin(session, citation, rate):
        log.warning(
            "camera suspended",
            camera=citation.camera_id,
            wrongful=rate.wrongful,
            looked=rate.looked,
        )

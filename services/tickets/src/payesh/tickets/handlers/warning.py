"""Periods in which a camera only warns: a new camera, a new limit, a campaign.

One person suffices: it spares drivers, and every period is on record with its reason.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.access import AuditOutcome
from payesh.kit.audit import record_read
from payesh.kit.errors import Forbidden, NotFound, OutOfBounds, Unprocessable
from payesh.kit.principal import Principal
from payesh.tickets.adapters import warning_periods
from payesh.tickets.adapters.warning_periods import StoredPeriod
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.warning import WarningPeriod
from payesh.tickets.handlers import actions
from payesh.tickets.settings import Settings


async def begin(dependencies: Dependencies, principal: Principal, about: WarningPeriod) -> UUID:
    """Let a camera only warn for these days; the period's id. Raises Unprocessable for days that
    are no period, Forbidden for a machine and beyond the principal's bounds; both are recorded."""
    fault = about.fault()
    if fault is not None:
        raise Unprocessable(fault.text, type=fault.name)
    bounds = principal.bounds
    # It reaches every citation of its camera, so whoever is bound to some roads cannot give it.
    is_within = bounds.road_classes is None and (
        bounds.counties is None or about.county in bounds.counties
    )
    allowed = principal.is_person and is_within
    period_id = uuid4()
    async with dependencies.database.transaction() as session:
        if allowed:
            await warning_periods.add(session, period_id, about, by=principal.subject)
        await _record(dependencies, session, principal, about.camera_id, allowed=allowed)
    _require_person(principal)
    if not is_within:
        raise OutOfBounds("this camera", is_recorded=True)
    return period_id


async def end(dependencies: Dependencies, principal: Principal, period_id: UUID, note: str) -> None:
    """End a period before its last day, with the reason: what is captured from now on is fined.
    Raises NotFound where none lasts within the bounds, Forbidden for a machine; both recorded."""
    async with dependencies.database.transaction() as session:
        camera = None
        if principal.is_person:
            camera = await warning_periods.end(
                session, principal.bounds, period_id, by=principal.subject, note=note
            )
        known = camera or str(period_id)
        await _record(dependencies, session, principal, known, allowed=camera is not None)
    _require_person(principal)
    if camera is None:
        raise NotFound("no such period lasts")


async def periods(
    dependencies: Dependencies, principal: Principal, *, limit: int
) -> Sequence[StoredPeriod]:
    """Periods of the principal's counties; no personal data of drivers."""
    async with dependencies.database.transaction() as session:
        return await warning_periods.page(session, principal.bounds, limit=limit)


def _require_person(principal: Principal) -> None:
    if not principal.is_person:
        raise Forbidden(
            "a person has to do this, signed in by name", type="person-required", is_recorded=True
        )


async def _record(
    dependencies: Dependencies,
    session: AsyncSession,
    principal: Principal,
    camera: str,
    *,
    allowed: bool,
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=actions.WARN.scope,
        action=actions.WARN.name,
        resource_kind="camera",
        resource_ids=[camera],
        outcome=AuditOutcome.GRANTED if allowed else AuditOutcome.DENIED,
        query=dependencies.digests.of({"camera_id": camera}),
    )

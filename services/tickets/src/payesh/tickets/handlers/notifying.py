"""The owner is notified: from there the time to pay and to object is counted.

Errors as those of `deciding`, and Conflict `no-terms` while the law of that day has no deadlines.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal
from payesh.tickets.adapters import notices, notifications, second_looks
from payesh.tickets.adapters.notifications import TableName
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import dues
from payesh.tickets.domain.law import Terms
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.law_reading import brought_up
from payesh.tickets.handlers.taking import locked, take
from payesh.tickets.jalali import end_of_day, jalali_day


async def notify(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    *,
    channel: str,
    reference: str,
    notified_at: datetime,
) -> StoredCitation:
    """Record that the owner was notified; `reference` is what the carrier knows it by."""
    async with locked(dependencies, principal, citation_id, actions.NOTIFY) as (session, citation):
        return await be_notified(
            dependencies,
            session,
            citation,
            by=principal.subject,
            channel=channel,
            reference=reference,
            notified_at=notified_at,
        )


async def be_notified(
    dependencies: Dependencies,
    session: AsyncSession,
    citation: StoredCitation,
    *,
    by: str,
    channel: str,
    reference: str,
    notified_at: datetime,
) -> StoredCitation:
    """As `notify`, of a citation whose row the transaction holds."""
    if await second_looks.is_open(session, citation.citation_id):
        # Asked before its state: the answer tells nothing of what was decided.
        raise Conflict("it is to be decided again by another officer", type="second-look-open")
    named, terms = await _terms(dependencies, session, citation, notified_at)
    owed = citation.law.amount_rial if citation.law is not None else None
    step = dues.Notifying(
        by=by,
        at=citation.now,
        notified_at=notified_at,
        owed_rial=owed or 0,
        pay_until=end_of_day(notified_at, terms.payment_days),
        object_until=end_of_day(notified_at, terms.objection_days),
    )
    notified = await take(dependencies, session, citation, dues.NOTIFY, step)
    await notifications.add(
        session,
        citation.citation_id,
        channel=channel,
        reference=reference,
        notified_at=notified_at,
        named=named,
        terms=terms,
        by=by,
    )
    return notified


async def withdraw(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """Take a notification back that never reached the owner: no time runs until the next one."""
    action = actions.WITHDRAW_NOTIFICATION
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        step = dues.Withdrawing(by=principal.subject, at=citation.now, note=note)
        return await take(dependencies, session, citation, dues.WITHDRAW_NOTIFICATION, step)


async def terms_of(session: AsyncSession, citation_id: UUID) -> Terms:
    """The law's row that the owner was notified under. Raises ValueError for one who was not."""
    notification = await notifications.last(session, citation_id)
    if notification is None:
        raise ValueError("nobody was notified of this citation")
    return notification.terms


async def _terms(
    dependencies: Dependencies, session: AsyncSession, citation: StoredCitation, moment: datetime
) -> tuple[TableName, Terms]:
    """What the notice states, where one was made; else the law of the day of notification."""
    notice = await notices.find(session, citation.citation_id)
    if notice is not None:
        return notice.named, notice.terms
    day = jalali_day(moment)
    table = (await brought_up(session, dependencies.law)).law_on(day)
    terms = table.terms_on(day)
    if terms is None:
        raise Conflict("the law table has no deadlines to pay and to object", type="no-terms")
    return TableName(table.name, table.sha256), terms

"""What was owed is paid, and a payment that the bank took back is owed again; errors as those of
`deciding`."""

from uuid import UUID

from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations, payments
from payesh.tickets.adapters.payments import Payment
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import dues
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.notifying import terms_of
from payesh.tickets.handlers.taking import locked, take
from payesh.tickets.jalali import end_of_day

GATEWAY = "gateway"
"""Who reports payments that owners make: no person, and no subject of a token."""


async def pay(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, payment: Payment
) -> StoredCitation:
    """Record a payment of the whole amount. One that is stored already changes nothing. Raises
    Conflict `payment-of-another` for a reference that paid something else."""
    async with locked(dependencies, principal, citation_id, actions.PAY) as (session, citation):
        known = await payments.find(session, payment.channel, payment.reference)
        if known is not None:
            if (known.citation_id, known.payment.amount_rial) != (
                citation_id,
                payment.amount_rial,
            ):
                raise Conflict("this reference paid something else", type="payment-of-another")
            return citation
        step = dues.Paying(
            by=principal.subject,
            at=citation.now,
            amount_rial=payment.amount_rial,
            close_at=citation.now + dependencies.close_after,
        )
        paid = await take(dependencies, session, citation, dues.PAY, step)
        if not await payments.add(session, citation_id, payment, by=principal.subject):
            raise Conflict("this reference paid something else", type="payment-of-another")
        return paid


async def take_payment(dependencies: Dependencies, citation_id: UUID, payment: Payment) -> bool:
    """Record what the gateway reports, once. False: it was not owed (paid before, objected to
    meanwhile, void, another amount), and is marked to be given back. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        citation = await citations.lock(session, citation_id)
        if citation is None:
            raise NotFound("no such citation")
        known = await payments.find(session, payment.channel, payment.reference)
        if known is not None:
            if known.citation_id != citation_id:
                raise Conflict("this reference paid something else", type="payment-of-another")
            return known.refund_due_since is None
        step = dues.Paying(
            by=GATEWAY,
            at=citation.now,
            amount_rial=payment.amount_rial,
            close_at=citation.now + dependencies.close_after,
        )
        is_owed = citation.standing.refusal(dues.PAY, step) is None
        if is_owed:
            await take(dependencies, session, citation, dues.PAY, step)
        if not await payments.add(
            session, citation_id, payment, by=GATEWAY, refund_due=not is_owed
        ):
            raise Conflict("this reference paid something else", type="payment-of-another")
        return is_owed


async def reverse(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """Record that the bank took a payment back; the owner has the time after a decision to pay."""
    action = actions.REVERSE_PAYMENT
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        if citation.standing.state != dues.PAID.name:
            raise Conflict("there is no payment to reverse", type="not-in-this-state")
        terms = await terms_of(session, citation_id)
        step = dues.Reversing(
            by=principal.subject,
            at=citation.now,
            note=note,
            pay_until=end_of_day(citation.now, terms.after_decision_days),
        )
        owing = await take(dependencies, session, citation, dues.REVERSE_PAYMENT, step)
        await payments.mark_reversed(session, citation_id)
        return owing

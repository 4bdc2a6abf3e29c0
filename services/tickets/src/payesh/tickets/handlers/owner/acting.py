"""What an owner does: object, by the handler that clerks use, and begin a payment."""

from uuid import UUID

from payesh.kit.errors import Conflict, NotFound
from payesh.tickets.adapters import citations, payments
from payesh.tickets.adapters.counterparts.payment_gateway import Begun
from payesh.tickets.adapters.objections import StoredObjection
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import dues
from payesh.tickets.handlers import actions, objecting
from payesh.tickets.handlers.objecting import Written
from payesh.tickets.handlers.owner.recording import OWNER, record_look
from payesh.tickets.handlers.owner.states import OPEN_TO_OWNER


async def object_to_own(
    dependencies: Dependencies, citation_id: UUID, written: Written
) -> StoredObjection:
    """Object, or insist after a decision. Raises Conflict with the reason as its type."""
    async with dependencies.database.transaction() as session:
        citation = await citations.lock(session, citation_id)
        if citation is None or citation.standing.state not in OPEN_TO_OWNER:
            raise NotFound("no such case")
        found = await objecting.enter(dependencies, session, citation, written, by=OWNER)
        await record_look(dependencies, session, citation, actions.OWNER_OBJECT)
        return found


async def begin_payment(dependencies: Dependencies, citation_id: UUID) -> Begun:
    """A payment of what is owed now, at the gateway. The same one however often it is begun, until
    it is paid. Raises Conflict `nothing-owed`, NotFound, DependencyFault, CounterpartRefused."""
    gateway, return_to = dependencies.gateway, f"{dependencies.owner_url}/return"
    if gateway is None:
        raise NotFound("no payment gateway is set up")
    async with dependencies.database.transaction() as session:
        citation = await citations.find(session, citation_id)
        if citation is None or citation.standing.state not in OPEN_TO_OWNER:
            raise NotFound("no such case")
        owed = citation.standing.owed_rial
        if citation.standing.state not in dues.OWING or not owed:
            raise Conflict("nothing is owed", type="nothing-owed")
        paid_before = await payments.count(session, citation_id)
        await record_look(dependencies, session, citation, actions.OWNER_PAY)
    # One that the bank took back, and another amount, are another payment.
    key = f"pay:{citation_id}:{owed}:{paid_before}"
    return await gateway.begin(citation_id, owed, return_to=return_to, key=key)

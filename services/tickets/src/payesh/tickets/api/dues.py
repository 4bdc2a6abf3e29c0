"""What follows an issued citation over HTTP: its owner notified, its amount paid."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from payesh.kit.authorization import authorize
from payesh.kit.paging import UtcTime
from payesh.kit.principal import Principal
from payesh.tickets.adapters.payments import Payment
from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import NoteBody, Supervisor
from payesh.tickets.handlers import actions, notifying, paying

router = APIRouter(prefix="/v1/citations", tags=["dues"])

Clerk = Annotated[
    Principal, Depends(authorize(actions.NOTIFY.scope, resource="citations", personal=True))
]
Reference = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._:/-]{0,127}$")]


class NotificationBody(BaseModel):
    """How and when the owner was notified; `reference` is what the carrier knows it by, and never
    an address. Deadlines are counted from `notified_at`."""

    channel: Literal["sms", "post", "in_person", "portal"]
    reference: Reference
    notified_at: UtcTime


class PaymentBody(BaseModel):
    """The whole amount that is owed, in rial; `reference` is the bank's, so that a payment that is
    sent again changes nothing."""

    channel: Literal["bank", "portal", "counter"]
    reference: Reference
    amount_rial: Annotated[int, Field(gt=0, lt=2**53)]
    paid_at: UtcTime

    def payment(self) -> Payment:
        paid_at: datetime = self.paid_at
        return Payment(self.channel, self.reference, self.amount_rial, paid_at)


@router.post("/{citation_id}/notify", responses=REFUSED)
async def notify_owner(
    dependencies: DependenciesHere, principal: Clerk, citation_id: UUID, body: NotificationBody
) -> CitationView:
    """Record that the owner of an issued citation was notified: the time to pay or to object
    runs."""
    found = await notifying.notify(
        dependencies,
        principal,
        citation_id,
        channel=body.channel,
        reference=body.reference,
        notified_at=body.notified_at,
    )
    return view(found)


@router.post("/{citation_id}/withdraw-notification", responses=REFUSED)
async def withdraw_notification(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: NoteBody
) -> CitationView:
    """Take a notification back that never reached the owner; no time runs until the next one."""
    return view(await notifying.withdraw(dependencies, principal, citation_id, body.note))


@router.post("/{citation_id}/payments", responses=REFUSED)
async def record_payment(
    dependencies: DependenciesHere, principal: Clerk, citation_id: UUID, body: PaymentBody
) -> CitationView:
    """Record a payment; one that is recorded already changes nothing."""
    return view(await paying.pay(dependencies, principal, citation_id, body.payment()))


@router.post("/{citation_id}/reverse-payment", responses=REFUSED)
async def reverse_payment(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: NoteBody
) -> CitationView:
    """Record that the bank took a payment back, before the citation is closed."""
    return view(await paying.reverse(dependencies, principal, citation_id, body.note))

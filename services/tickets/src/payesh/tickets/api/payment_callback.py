"""What the payment gateway reports: a call that it signs, the same effect however often."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from payesh.kit.errors import NotFound, Unauthorized, Unprocessable
from payesh.kit.signed_requests import SignatureRefused, require_signed
from payesh.tickets.adapters.payments import Payment
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.handlers import paying

PATH = "/v1/payments/callback"
PUBLIC_ROUTES = {PATH: "the payment gateway reports what was paid; it signs each call"}

router = APIRouter(tags=["dues"])


class PaidBody(BaseModel):
    """`reference` is the gateway's; the amount is in rial."""

    reference: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._:/-]{0,127}$")]
    citation_id: UUID
    amount_rial: Annotated[int, Field(gt=0, lt=2**53)]


class Received(BaseModel):
    """`counted` is false for what is to be given back, because it was not owed."""

    counted: bool


_REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "The signature is absent, old or wrong."},
    404: {"description": "No payment gateway is set up."},
    422: {"description": "It is signed, and no payment."},
}


@router.post(PATH, responses=_REFUSED)
async def report_payment(dependencies: DependenciesHere, request: Request) -> Received:
    """Record a payment that the gateway made; signed with the secret that is shared with it."""
    gateway = dependencies.gateway
    if gateway is None:
        raise NotFound("no payment gateway is set up")
    body = await request.body()
    try:
        require_signed(
            gateway.secret,
            request.headers,
            method="POST",
            path=PATH,
            body=body,
            now_s=int(time.time()),
        )
    except SignatureRefused as refused:
        raise Unauthorized(str(refused)) from refused
    try:
        told = PaidBody.model_validate_json(body)
    except ValidationError:
        raise Unprocessable("no payment: reference, citation_id, amount_rial") from None
    payment = Payment("gateway", told.reference, told.amount_rial, datetime.now(UTC))
    return Received(counted=await paying.take_payment(dependencies, told.citation_id, payment))

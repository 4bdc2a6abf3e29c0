"""Simulators of the systems of others: owner register, messages, a bank's payment gateway.

Each checks the signature of what it is sent, answers a repeated key as it did the first time, and
keeps what it did in memory for whoever runs the demo: `GET /messages` shows what owners were sent.
"""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from payesh.kit.signed_requests import SignatureRefused, require_signed, signed_headers

_MOST_KEPT = 10_000
_CALLBACK = "/v1/payments/callback"


class Lookup(BaseModel):
    plate: str
    citation_id: UUID


class Message(BaseModel):
    telephone: str
    text: str


class Payment(BaseModel):
    citation_id: UUID
    amount_rial: int
    return_to: str


@dataclass
class Simulated:
    """What the simulators know. `secret` is shared with tickets, whose address is `tickets_url`."""

    secret: bytes
    url: Callable[[], str]
    tickets_url: Callable[[], str]
    unknown_plates: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    payments: dict[str, Payment] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def once(self, request: Request, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer to a signed request: the same for the same key. Raises HTTPException."""
        try:
            key = require_signed(
                self.secret,
                request.headers,
                method=request.method,
                path=request.url.path,
                body=await request.body(),
                now_s=int(time.time()),
            )
        except SignatureRefused as refused:
            raise HTTPException(401, str(refused)) from refused
        if key not in self.answers:
            if len(self.answers) >= _MOST_KEPT:
                self.answers.pop(next(iter(self.answers)))
            self.answers[key] = make()
        return self.answers[key]

    async def call_back(self, reference: str) -> int:
        """Report a payment to tickets, signed; the status of its answer."""
        payment = self.payments[reference]
        body = {
            "reference": reference,
            "citation_id": str(payment.citation_id),
            "amount_rial": payment.amount_rial,
        }
        request = httpx.Request("POST", self.tickets_url() + _CALLBACK, json=body)
        headers = signed_headers(
            self.secret,
            method="POST",
            path=_CALLBACK,
            body=request.content,
            key=f"paid:{reference}",
            at_s=int(time.time()),
        )
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(
                request.url, content=request.content, headers={**request.headers, **headers}
            )
        return answer.status_code


def create_counterparts(simulated: Simulated) -> FastAPI:
    """One application with all three."""
    app = FastAPI(title="Counterparts, simulated", openapi_url=None)

    @app.post("/v1/owners/lookup")
    async def look_up(request: Request, body: Lookup) -> dict[str, Any]:
        def found() -> dict[str, Any]:
            if body.plate in simulated.unknown_plates:
                raise HTTPException(404, "no owner")
            # Of no one: numbers of this block are given to no telephone.
            return {"telephone": f"+98900000{sum(map(ord, body.plate)) % 10_000:04d}"}

        return await simulated.once(request, found)

    @app.post("/v1/messages")
    async def send(request: Request, body: Message) -> dict[str, Any]:
        def sent() -> dict[str, Any]:
            simulated.messages.append(body)
            del simulated.messages[:-_MOST_KEPT]
            return {"reference": f"sms-{len(simulated.messages)}"}

        return await simulated.once(request, sent)

    @app.get("/messages")
    async def messages() -> list[Message]:
        return simulated.messages[-100:]

    @app.post("/v1/payments")
    async def begin(request: Request, body: Payment) -> dict[str, Any]:
        def begun() -> dict[str, Any]:
            reference = f"pay-{body.citation_id}-{len(simulated.payments) + 1}"
            simulated.payments[reference] = body
            return {"reference": reference, "address": f"{simulated.url()}/pay/{reference}"}

        return await simulated.once(request, begun)

    @app.get("/pay/{reference}")
    async def page(reference: str) -> HTMLResponse:
        payment = _known(simulated, reference)
        return HTMLResponse(
            '<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>درگاه آزمایشی</title>'
            f"<h1>درگاه آزمایشی</h1><p>{payment.amount_rial} ریال</p>"
            f'<form method="post"><button>پرداخت</button></form>'
            f'<p><a href="{html.escape(payment.return_to)}">انصراف</a></p></html>'
        )

    @app.post("/pay/{reference}")
    async def pay(reference: str) -> RedirectResponse:
        payment = _known(simulated, reference)
        await simulated.call_back(reference)
        return RedirectResponse(payment.return_to, 303)

    return app


def _known(simulated: Simulated, reference: str) -> Payment:
    if reference not in simulated.payments:
        raise HTTPException(404, "no such payment")
    return simulated.payments[reference]

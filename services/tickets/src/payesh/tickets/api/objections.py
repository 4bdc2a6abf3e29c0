"""Objections over HTTP: entered for an owner, decided by an officer who had no part before."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field, TypeAdapter, model_validator

from payesh.kit.authorization import authorize
from payesh.kit.openapi import shows
from payesh.kit.paging import Cursor, Limit, Text, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal
from payesh.tickets.adapters.objections import StoredObjection
from payesh.tickets.api.citations import REFUSED, Reader
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.dues import Clerk
from payesh.tickets.api.streaming import attached
from payesh.tickets.domain.objection import Grounds, Outcome
from payesh.tickets.evidence import attachments
from payesh.tickets.handlers import actions, objecting
from payesh.tickets.handlers.objecting import Judgement, Written

router = APIRouter(prefix="/v1/objections", tags=["objections"])
of_citations = APIRouter(prefix="/v1/citations", tags=["objections"])

Reviewer = Annotated[
    Principal,
    Depends(authorize(actions.DECIDE_OBJECTION.scope, resource="objections", personal=True)),
]
_after = TypeAdapter(tuple[UtcTime, UUID])


class ObjectionBody(BaseModel):
    """What the owner objects with, in the owner's words. `received_at` counts for the deadline:
    when the office had it in hand; now without it."""

    grounds: Grounds
    statement: Annotated[Text, Field(min_length=3, max_length=4000)]
    received_at: UtcTime | None = None


class JudgementBody(BaseModel):
    """`reason` is given to the owner. A reduction needs the amount that is owed then, in rial."""

    outcome: Outcome
    reason: Annotated[Text, Field(min_length=3, max_length=500)]
    reduced_to_rial: Annotated[int, Field(gt=0, lt=2**53)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "JudgementBody":
        if (self.outcome is Outcome.REDUCED) != (self.reduced_to_rial is not None):
            raise ValueError("a reduction has an amount, and nothing else has one")
        return self


class AttachmentView(BaseModel):
    """A file of the owner's; its type was seen from its bytes."""

    number: int
    media_type: str
    size_bytes: int
    sha256: str


class ObjectionView(BaseModel):
    """`instance` is 1 before the enforcement office, 2 before the review unit. `outcome` and what
    follows it are null until it is decided."""

    objection_id: UUID
    citation_id: UUID
    instance: int
    grounds: Grounds
    statement: str
    received_at: datetime
    entered_by: str
    entered_at: datetime
    outcome: Outcome | None
    reason: str | None
    reduced_to_rial: int | None
    decided_by: str | None
    decided_at: datetime | None
    attachments: list[AttachmentView]


class ObjectionPage(BaseModel):
    items: list[ObjectionView]
    next: str | None


class ObjectionsOfOne(BaseModel):
    items: Annotated[list[ObjectionView], Field(description="The first instance first.")]


_FILE = {"schema": {"type": "string", "format": "binary"}}
_ATTACHMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": dict.fromkeys(("image/jpeg", "image/png", "application/pdf"), _FILE),
        "description": "The file; `ETag` is its SHA-256.",
    },
    502: {"description": "What is stored does not match its hash, or is gone."},
}
_EXAMPLE = {
    "objection_id": "5b0c2a6e-3c1d-4b57-9a8f-0f6b1f7d2c11",
    "citation_id": "0d9a6f0e-55d3-5c3c-9a53-0a2f3b1c7d10",
    "instance": 1,
    "grounds": "vehicle_sold",
    "statement": "خودرو را پیش از این روز فروخته‌ام.",
    "received_at": "2026-11-27T08:30:00Z",
    "entered_by": "person:7c1f",
    "entered_at": "2026-11-27T08:31:12Z",
    "outcome": None,
    "reason": None,
    "reduced_to_rial": None,
    "decided_by": None,
    "decided_at": None,
    "attachments": [
        {"number": 0, "media_type": "image/jpeg", "size_bytes": 81234, "sha256": "5f" * 32}
    ],
}


@router.get("")
@shows({"items": [_EXAMPLE], "next": None})
async def list_open_objections(
    dependencies: DependenciesHere, principal: Reviewer, limit: Limit = 50, cursor: Cursor = None
) -> ObjectionPage:
    """Objections within the token's bounds that wait for a decision, the longest waiting first."""
    after = decode_cursor(cursor, _after)
    found = await objecting.list_open(dependencies, principal, limit=limit, after=after)
    following = next_cursor(found, limit, lambda each: (each.received_at, each.objection_id))
    return ObjectionPage(items=[view(each) for each in found], next=following)


@of_citations.get("/{citation_id}/objections")
async def list_objections_of_citation(
    dependencies: DependenciesHere, principal: Reader, citation_id: UUID
) -> ObjectionsOfOne:
    """The objections to one citation, decided or not."""
    found = await objecting.list_of(dependencies, principal, citation_id)
    return ObjectionsOfOne(items=[view(each) for each in found])


@of_citations.get(
    "/{citation_id}/objections/{objection_id}/attachments/{number}",
    response_class=StreamingResponse,
    responses=_ATTACHMENT,
)
async def read_attachment(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    objection_id: UUID,
    number: Annotated[int, Path(ge=0, lt=attachments.MOST)],
) -> Response:
    """A file that the owner objected with, to be saved and never shown in place: it comes from
    outside."""
    found = await objecting.find_attachment(
        dependencies, principal, citation_id, objection_id, number
    )
    return await attached(dependencies.store, found, f"objection-{objection_id}-{number}")


@of_citations.post("/{citation_id}/objections", responses=REFUSED, status_code=201)
async def enter_objection(
    dependencies: DependenciesHere, principal: Clerk, citation_id: UUID, body: ObjectionBody
) -> ObjectionView:
    """Enter an owner's objection: in time after the notification, or once more, by an owner who
    insists, in the time to pay after the first decision."""
    written = Written(body.grounds, body.statement, body.received_at)
    return view(await objecting.object_to(dependencies, principal, citation_id, written))


@of_citations.post("/{citation_id}/objections/{objection_id}/decide", responses=REFUSED)
async def decide_objection(
    dependencies: DependenciesHere,
    principal: Reviewer,
    citation_id: UUID,
    objection_id: UUID,
    body: JudgementBody,
) -> ObjectionView:
    """Decide an objection, as an officer who neither decided the citation nor heard it before."""
    judgement = Judgement(body.outcome, body.reason, body.reduced_to_rial)
    return view(
        await objecting.decide(dependencies, principal, citation_id, objection_id, judgement)
    )


def view(objection: StoredObjection) -> ObjectionView:
    files = [
        AttachmentView(
            number=each.number,
            media_type=each.object.media_type,
            size_bytes=each.object.size_bytes,
            sha256=each.object.sha256,
        )
        for each in objection.attachments
    ]
    names = ObjectionView.model_fields.keys() - {"attachments"}
    return ObjectionView(**{name: getattr(objection, name) for name in names}, attachments=files)

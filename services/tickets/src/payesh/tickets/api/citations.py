"""Citations over HTTP: the queue's data, and the decisions about it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter, model_validator

from payesh.contracts.tickets import LawReference
from payesh.contracts.values import Measurement
from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.openapi import shows
from payesh.kit.paging import Cursor, Limit, Text, UtcTime, decode_cursor, next_cursor
from payesh.tickets.adapters.citations import StoredCitation
from payesh.tickets.api.citation_example import CITATION
from payesh.tickets.domain.citation import OFFICER_REASONS, Rejection, State
from payesh.tickets.handlers.decisions import Desk

Reader = Annotated[
    Principal, Depends(authorize("citations:read", resource="citations", personal=True))
]
Officer = Annotated[
    Principal, Depends(authorize("citations:decide", resource="citations", personal=True))
]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class PlateView(BaseModel):
    layout: str
    text: str
    confidence: float


class CertificateView(BaseModel):
    number: str
    issued_by: str
    valid_from: datetime
    valid_to: datetime


class EvidenceView(BaseModel):
    """`viewing_copy` is null where none was made of a codec that browsers don't play."""

    manifest_sha256: str
    clip_sha256: str
    clip_size_bytes: int
    clip_media_type: str
    codec: str | None
    duration_ms: int
    shots: int
    viewing_copy: None = None


class CitationView(BaseModel):
    """`reason` says why it was rejected; `number` is given when it is issued."""

    citation_id: UUID
    violation_id: UUID
    passage_id: UUID
    state: State
    reason: str | None
    camera_id: str
    county: str
    road_class: str
    place_class: str
    place_name: str | None
    captured_at: datetime
    clock_source: str
    clock_u95_ms: float
    rule: str
    vehicle_class: str
    lane: str | None
    plate: PlateView | None
    measurement: Measurement
    certificate: CertificateView | None
    law: LawReference | None
    evidence: EvidenceView | None
    created_at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    number: str | None


class CitationPage(BaseModel):
    items: list[CitationView]
    next: str | None


class DecisionBody(BaseModel):
    """`plate` confirms the drafted plate and is needed to issue; `reason` to reject."""

    decision: Literal["issue", "reject"]
    plate: Annotated[Text, Field(min_length=1, max_length=40)] | None = None
    reason: Rejection | None = None

    @model_validator(mode="after")
    def _complete(self) -> "DecisionBody":
        if self.decision == "issue" and self.plate is None:
            raise ValueError("issuing needs the plate")
        if self.decision == "reject" and self.reason not in OFFICER_REASONS:
            raise ValueError(f"rejecting needs a reason of {', '.join(OFFICER_REASONS)}")
        return self


_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The citation's state does not allow it; `type` says why."}
}


def citations_router(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/v1/citations", tags=["citations"])

    @router.get("")
    @shows({"items": [CITATION], "next": None})
    async def list_citations(
        principal: Reader,
        limit: Limit = 50,
        state: State | None = None,
        cursor: Cursor = None,
    ) -> CitationPage:
        """Citations within the token's bounds, in order of drafting."""
        found = await desk.page(
            principal, state=state, limit=limit, after=decode_cursor(cursor, _KEY)
        )
        following = next_cursor(found, limit, lambda each: (each.created_at, each.citation_id))
        return CitationPage(items=[view(each) for each in found], next=following)

    @router.get("/{citation_id}")
    async def read_citation(principal: Reader, citation_id: UUID) -> CitationView:
        """One citation."""
        return view(await desk.read(principal, citation_id))

    @router.post("/{citation_id}/claim", responses=_REFUSED)
    async def claim_citation(principal: Officer, citation_id: UUID) -> CitationView:
        """Hold a draft for some minutes; nobody else decides on it meanwhile."""
        return view(await desk.claim(principal, citation_id))

    @router.post("/{citation_id}/release", responses=_REFUSED)
    async def release_citation(principal: Officer, citation_id: UUID) -> CitationView:
        """Give a claimed draft back undecided."""
        return view(await desk.release(principal, citation_id))

    @router.post("/{citation_id}/decide", responses=_REFUSED)
    async def decide_citation(
        principal: Officer, citation_id: UUID, body: DecisionBody
    ) -> CitationView:
        """Issue or reject; only the officer whose claim holds may."""
        if body.decision == "issue" and body.plate is not None:
            return view(await desk.issue(principal, citation_id, body.plate))
        if body.reason is None:
            raise Unprocessable("rejecting needs a reason")
        return view(await desk.reject(principal, citation_id, body.reason))

    return router


def view(citation: StoredCitation) -> CitationView:
    state, evidence = citation.state, citation.evidence
    is_claimed = state is State.CLAIMED
    return CitationView(
        citation_id=citation.citation_id,
        violation_id=citation.violation_id,
        passage_id=citation.passage_id,
        state=state,
        reason=citation.reason,
        camera_id=citation.camera_id,
        county=citation.county,
        road_class=citation.road_class,
        place_class=citation.place_class,
        place_name=evidence.place_name if evidence else None,
        captured_at=citation.captured_at,
        clock_source=citation.clock_source,
        clock_u95_ms=citation.clock_u95_ms,
        rule=citation.rule,
        vehicle_class=citation.vehicle_class,
        lane=citation.lane,
        plate=_plate(citation),
        measurement=citation.measurement,
        certificate=_certificate(citation.certificate),
        law=citation.law,
        evidence=None
        if evidence is None
        else EvidenceView(
            manifest_sha256=evidence.manifest.sha256,
            clip_sha256=evidence.clip.sha256,
            clip_size_bytes=evidence.clip.size_bytes,
            clip_media_type=evidence.clip.media_type,
            codec=evidence.codec,
            duration_ms=evidence.duration_ms,
            shots=len(evidence.shots),
        ),
        created_at=citation.created_at,
        claimed_by=citation.standing.claimed_by if is_claimed else None,
        claimed_until=citation.standing.claimed_until if is_claimed else None,
        decided_by=citation.decided_by,
        decided_at=citation.decided_at,
        number=citation.number,
    )


def _plate(citation: StoredCitation) -> PlateView | None:
    if citation.plate_text is None or citation.plate_layout is None:
        return None
    return PlateView(
        layout=citation.plate_layout,
        text=citation.plate_text,
        confidence=citation.plate_confidence or 0.0,
    )


def _certificate(stored: Any) -> CertificateView | None:
    return None if stored is None else CertificateView.model_validate(stored)

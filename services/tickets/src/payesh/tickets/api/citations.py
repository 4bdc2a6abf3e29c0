"""Citations over HTTP: the queue's data, and the decisions about it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, model_validator

from payesh.contracts.tickets import LawReference
from payesh.contracts.values import Certificate, Measurement
from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.openapi import shows
from payesh.kit.paging import Cursor, Limit, Text, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.api.citation_example import CITATION
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain import life
from payesh.tickets.domain.rejection import OFFICER_REASONS, Rejection
from payesh.tickets.handlers import actions, deciding, reading

router = APIRouter(prefix="/v1/citations", tags=["citations"])

Reader = Annotated[
    Principal, Depends(authorize(actions.READ.scope, resource="citations", personal=True))
]
Officer = Annotated[
    Principal, Depends(authorize(actions.CLAIM.scope, resource="citations", personal=True))
]
_after = TypeAdapter(tuple[UtcTime, UUID])


def _registered(name: str | None) -> str | None:
    if name is not None and name not in life.vocabulary():
        raise ValueError("no state has this name")
    return name


StateName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="A state of a citation. States are added without a new version: treat one that "
        "you do not know as one that permits nothing.",
        json_schema_extra={"x-vocabulary": dict(life.vocabulary())},
    ),
]
"""An identifier, not a closed list; the known ones are published with their meaning."""


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
    """`reason` is why it was rejected; `number` is given when it is issued. A decision can be
    undone until `final_at`. `returned_by`, `returned_to` and `note` are of the last time it was
    returned or given back; `note` is also why it was voided, or how an objection was decided.
    Once the owner is notified, `owed_rial` is owed, an objection is heard before `object_until`,
    and the law moves the citation on at `due_at`. `exempt_under` is the exemption for which the
    draft is held: it is not issued. `same_as` is the citation that stands for the offence of which
    this is a further sighting; `seen_again` are further sightings, where one is read."""

    citation_id: UUID
    violation_id: UUID
    passage_id: UUID
    state: StateName
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
    final_at: datetime | None = None
    returned_by: str | None = None
    returned_to: str | None = None
    note: str | None = None
    owed_rial: int | None = None
    object_until: datetime | None = None
    due_at: datetime | None = None
    is_doubled: bool = False
    exempt_under: UUID | None = None
    same_as: UUID | None = None
    seen_again: list[UUID] = []


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


REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The citation's state does not allow it; `type` is the reason."}
}


@router.get("")
@shows({"items": [CITATION], "next": None})
async def list_citations(
    dependencies: DependenciesHere,
    principal: Reader,
    limit: Limit = 50,
    state: Annotated[StateName | None, AfterValidator(_registered), Query()] = None,
    cursor: Cursor = None,
) -> CitationPage:
    """Citations within the token's bounds, in order of drafting."""
    found = await reading.list_citations(
        dependencies, principal, state=state, limit=limit, after=decode_cursor(cursor, _after)
    )
    following = next_cursor(found, limit, lambda each: (each.created_at, each.citation_id))
    return CitationPage(items=[view(each) for each in found], next=following)


class NextBody(BaseModel):
    """`beside` are those in hand already; none of them is given."""

    beside: Annotated[list[UUID], Field(max_length=20)] = []


@router.post("/next", responses={204: {"description": "Nothing waits within the bounds."}})
async def take_next(
    dependencies: DependenciesHere,
    principal: Officer,
    response: Response,
    body: NextBody | None = None,
) -> CitationView | None:
    """Claim the draft that comes next: first what you hold, then by day and amount."""
    found = await deciding.take_next(dependencies, principal, body.beside if body else ())
    if found is None:
        response.status_code = 204
        return None
    return view(found)


@router.get("/{citation_id}")
async def read_citation(
    dependencies: DependenciesHere, principal: Reader, citation_id: UUID
) -> CitationView:
    """One citation."""
    return view(await reading.read_citation(dependencies, principal, citation_id))


@router.post("/{citation_id}/claim", responses=REFUSED)
async def claim_citation(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID
) -> CitationView:
    """Hold a draft for some minutes; no other officer decides on it meanwhile."""
    return view(await deciding.claim(dependencies, principal, citation_id))


@router.post("/{citation_id}/release", responses=REFUSED)
async def release_citation(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID
) -> CitationView:
    """Give a claimed draft back undecided."""
    return view(await deciding.release(dependencies, principal, citation_id))


@router.post("/{citation_id}/decide", responses=REFUSED)
async def decide_citation(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: DecisionBody
) -> CitationView:
    """Issue or reject; only the officer whose claim holds may. The answer is `decided` while it can
    be undone; it is numbered and published when it is final."""
    if body.decision == "issue" and body.plate is not None:
        return view(await deciding.issue(dependencies, principal, citation_id, body.plate))
    if body.reason is None:
        raise Unprocessable("rejecting needs a reason")
    return view(await deciding.reject(dependencies, principal, citation_id, body.reason))


@router.post("/{citation_id}/undo", responses=REFUSED)
async def undo_decision(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID
) -> CitationView:
    """Take your own decision back before it is final; you hold the draft again."""
    return view(await deciding.undo(dependencies, principal, citation_id))


def view(citation: StoredCitation) -> CitationView:
    standing, evidence = citation.standing, citation.evidence
    return CitationView(
        citation_id=citation.citation_id,
        violation_id=citation.violation_id,
        passage_id=citation.passage_id,
        state=citation.state,
        reason=standing.reason,
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
        claimed_by=citation.holder,
        claimed_until=citation.claimed_until,
        decided_by=standing.decided_by,
        decided_at=standing.decided_at,
        number=standing.number,
        final_at=standing.final_at,
        returned_by=standing.returned_by,
        returned_to=standing.returned_to,
        note=standing.note,
        owed_rial=standing.owed_rial,
        object_until=standing.object_until,
        due_at=standing.due_at,
        is_doubled=standing.is_doubled,
        exempt_under=citation.exempt_under,
        same_as=citation.same_as,
        seen_again=list(citation.seen_again),
    )


def _plate(citation: StoredCitation) -> PlateView | None:
    text, layout = citation.standing.plate_text, citation.plate_layout
    if text is None or layout is None:
        return None
    return PlateView(layout=layout, text=text, confidence=citation.plate_confidence or 0.0)


def _certificate(certificate: Certificate | None) -> CertificateView | None:
    return None if certificate is None else CertificateView.model_validate(vars(certificate))

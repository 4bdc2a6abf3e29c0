"""Citations over HTTP: the queue's data, and the decisions about it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, model_validator

from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.openapi import shows
from payesh.kit.paging import (
    Cursor,
    From,
    Limit,
    ShortText,
    Text,
    To,
    UtcTime,
    decode_cursor,
    encode_cursor,
    next_cursor,
)
from payesh.kit.principal import Principal
from payesh.tickets.adapters.citation_search import Wanted
from payesh.tickets.api.citation_example import CITATION
from payesh.tickets.api.citation_view import CitationView, StateName, view
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain import life
from payesh.tickets.domain.rejection import OFFICER_REASONS, Rejection
from payesh.tickets.handlers import actions, deciding, reading, searching

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


@router.get("/search")
@shows({"items": [CITATION], "next": None})
async def search_citations(
    dependencies: DependenciesHere,
    principal: Reader,
    limit: Limit = 50,
    number: Annotated[Text | None, Query(max_length=90)] = None,
    plate: Annotated[Text | None, Query(max_length=40)] = None,
    camera_id: ShortText | None = None,
    since: From = None,
    until: To = None,
    mine: bool = False,
    cursor: Cursor = None,
) -> CitationPage:
    """Citations by number, plate in any spelling, camera, days of capture, or those that the caller
    took a step of (`mine`); the latest capture first. At least one has to be given."""
    wanted = Wanted(
        number=None if number is None else searching.number_of(number),
        plate=None if plate is None else searching.plate_of(plate),
        camera_id=camera_id,
        captured_from=since,
        captured_to=until,
        handled_by=principal.subject if mine else None,
    )
    after = decode_cursor(cursor, _after)
    found = await searching.search_citations(
        dependencies, principal, wanted, limit=limit, after=after
    )
    following = None if found.last is None else encode_cursor(*found.last)
    return CitationPage(items=[view(each) for each in found.items], next=following)


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

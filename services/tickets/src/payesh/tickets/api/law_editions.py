"""Editions of the law over HTTP: drafted, changed, proposed, approved by a second person."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field, TypeAdapter, model_validator

from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.paging import Cursor, Limit, Number, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal
from payesh.tickets.adapters.law_editions import StoredEdition
from payesh.tickets.adapters.law_file import LawDocument
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.law import Reader
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.domain.law_edition import EditionState
from payesh.tickets.handlers import law_import_export, law_keeping
from payesh.tickets.jalali import JalaliText

router = APIRouter(prefix="/v1/law/editions", tags=["law"])

Writer = Annotated[Principal, Depends(authorize(law_keeping.WRITE, resource="law"))]
Approver = Annotated[Principal, Depends(authorize(law_keeping.APPROVE, resource="law"))]
_after = TypeAdapter(tuple[UtcTime, UUID])

_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The edition's state does not allow it; `type` is the reason."}
}


class EditionView(BaseModel):
    edition_id: UUID
    state: EditionState
    revision: int
    first_day: str
    name: str
    title: str
    sha256: str
    editors: list[str]
    created_at: datetime
    changed_at: datetime
    proposed_by: str | None
    proposed_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    number: int | None


class ChangeView(BaseModel):
    kind: Literal["season", "offence", "tariff", "tolerance", "term"]
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ExaminedView(BaseModel):
    """`faults` forbid proposing; `doubts` are for whoever approves; `changes` are against
    `against_sha256`, the table that rules on the first day without this edition."""

    edition: EditionView
    document: LawDocument
    against_sha256: str
    faults: list[str]
    doubts: list[str]
    changes: list[ChangeView]


class EditionPage(BaseModel):
    items: list[EditionView]
    next: str | None


class DraftBody(BaseModel):
    """A draft begins as `document`, as `csv` or `yaml` text, or as what rules on `first_day`."""

    first_day: JalaliText
    document: LawDocument | None = None
    csv: Annotated[str, Field(max_length=1_000_000)] | None = None
    yaml: Annotated[str, Field(max_length=1_000_000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.document, self.csv, self.yaml)) > 1:
            raise ValueError("give one of document, csv and yaml")
        return self

    def stated(self) -> LawDocument | None:
        """Raises Unprocessable, naming what is wrong and where."""
        if self.csv is not None:
            return law_import_export.read("csv", self.csv)
        if self.yaml is not None:
            return law_import_export.read("yaml", self.yaml)
        return self.document


Revision = Annotated[Number, Query(description="The revision that you have read.")]


@router.get("")
async def list_editions(
    dependencies: DependenciesHere, _: Reader, limit: Limit = 50, cursor: Cursor = None
) -> EditionPage:
    """Editions of the law, the newest first."""
    found = await law_keeping.list_editions(
        dependencies, limit=limit, after=decode_cursor(cursor, _after)
    )
    following = next_cursor(found, limit, lambda each: (each.created_at, each.edition_id))
    return EditionPage(items=[edition_view(each) for each in found], next=following)


@router.post("", status_code=201, responses=_REFUSED)
async def draft_edition(
    dependencies: DependenciesHere, principal: Writer, body: DraftBody
) -> ExaminedView:
    """Begin a draft. It prices nothing until a second person has approved it."""
    first = jalali_of(body.first_day)
    document = body.stated() or await law_keeping.document_in_force(dependencies, first)
    edition_id = await law_keeping.draft(dependencies, principal, document, first)
    return await _examined(dependencies, edition_id)


@router.get("/{edition_id}")
async def read_edition(dependencies: DependenciesHere, _: Reader, edition_id: UUID) -> ExaminedView:
    """An edition with its faults, its doubts, and what it changes."""
    return await _examined(dependencies, edition_id)


@router.get("/{edition_id}/export", response_class=Response)
async def export_edition(
    dependencies: DependenciesHere,
    _: Reader,
    edition_id: UUID,
    form: Annotated[Literal["json", "csv", "yaml"], Query()] = "json",
) -> Response:
    """The edition as a file. The JSON has the bytes whose SHA-256 citations name."""
    edition = await law_keeping.read_edition(dependencies, edition_id)
    body, media_type = law_import_export.written(form, edition.document)
    name = f"law-{jalali_text(edition.standing.first)}-{edition.sha256[:8]}.{form}"
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.put("/{edition_id}", responses=_REFUSED)
async def change_edition(
    dependencies: DependenciesHere,
    principal: Writer,
    edition_id: UUID,
    revision: Revision,
    body: DraftBody,
) -> ExaminedView:
    """Replace what a draft says."""
    document = body.stated()
    if document is None:
        raise Unprocessable("give one of document, csv and yaml", type="law-invalid")
    first = jalali_of(body.first_day)
    await law_keeping.change(dependencies, principal, edition_id, revision, document, first)
    return await _examined(dependencies, edition_id)


@router.post("/{edition_id}/propose", responses=_REFUSED)
async def propose_edition(
    dependencies: DependenciesHere, principal: Writer, edition_id: UUID, revision: Revision
) -> ExaminedView:
    """Put a draft without faults before a second person."""
    await law_keeping.propose(dependencies, principal, edition_id, revision)
    return await _examined(dependencies, edition_id)


@router.post("/{edition_id}/return", responses=_REFUSED)
async def return_edition(
    dependencies: DependenciesHere, principal: Writer, edition_id: UUID, revision: Revision
) -> ExaminedView:
    """Make a proposed edition a draft again."""
    await law_keeping.give_back(dependencies, principal, edition_id, revision)
    return await _examined(dependencies, edition_id)


@router.post("/{edition_id}/refuse", responses=_REFUSED)
async def refuse_edition(
    dependencies: DependenciesHere, principal: Approver, edition_id: UUID, revision: Revision
) -> ExaminedView:
    """As `return`, by who may approve: the writers mend it and propose it again."""
    await law_keeping.refuse(dependencies, principal, edition_id, revision)
    return await _examined(dependencies, edition_id)


@router.post("/{edition_id}/withdraw", responses=_REFUSED)
async def withdraw_edition(
    dependencies: DependenciesHere, principal: Writer, edition_id: UUID, revision: Revision
) -> ExaminedView:
    """Give up an edition that is not in force."""
    await law_keeping.withdraw(dependencies, principal, edition_id, revision)
    return await _examined(dependencies, edition_id)


@router.post("/{edition_id}/approve", responses=_REFUSED)
async def approve_edition(
    dependencies: DependenciesHere, principal: Approver, edition_id: UUID, revision: Revision
) -> ExaminedView:
    """Put it in force from its first day on. Nobody approves what they wrote a part of."""
    await law_keeping.approve(dependencies, principal, edition_id, revision)
    return await _examined(dependencies, edition_id)


def edition_view(edition: StoredEdition) -> EditionView:
    standing = edition.standing
    return EditionView(
        edition_id=edition.edition_id,
        state=standing.state,
        revision=standing.revision,
        first_day=jalali_text(standing.first),
        name=edition.document.name,
        title=edition.document.title,
        sha256=edition.sha256,
        editors=list(standing.editors),
        created_at=edition.created_at,
        changed_at=edition.changed_at,
        proposed_by=standing.proposed_by,
        proposed_at=edition.proposed_at,
        approved_by=standing.approved_by,
        approved_at=edition.approved_at,
        number=edition.number,
    )


async def _examined(dependencies: DependenciesHere, edition_id: UUID) -> ExaminedView:
    found = await law_keeping.examine(dependencies, edition_id)
    return ExaminedView(
        edition=edition_view(found.edition),
        document=found.edition.document,
        against_sha256=found.against.sha256,
        faults=list(map(str, found.faults)),
        doubts=list(map(str, found.doubts)),
        changes=[ChangeView.model_validate(asdict(each)) for each in found.changes],
    )

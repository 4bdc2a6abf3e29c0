"""Cameras, their sources and revisions."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import Identifier
from payesh.ingest.adapters import cameras as camera_rows
from payesh.ingest.api.dependencies import (
    CameraId,
    ResourcesHere,
    body_schema,
    json_body,
)
from payesh.ingest.handlers import cameras as handlers
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.paging import Cursor, Limit, Number, decode_cursor, next_cursor
from payesh.kit.tokens import Principal

router = APIRouter(prefix="/v1/cameras", tags=["cameras"])

Reader = Annotated[Principal, Depends(authorize("cameras:read", resource="camera"))]
Writer = Annotated[Principal, Depends(authorize("cameras:write", resource="camera"))]

_strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_after_camera = TypeAdapter(tuple[Identifier])
_before_revision = TypeAdapter(tuple[Number])
_given = ("camera_id", "revision", "created_at")

# The document minus what the service itself assigns: derived, so that the two never differ.
RevisionIn: type[BaseModel] = create_model(
    "RevisionIn",
    __config__=_strict,
    **{
        name: (field.annotation, field)
        for name, field in CameraRevision.model_fields.items()
        if name not in _given
    },
)  # type: ignore[call-overload]


class SourceIn(BaseModel):
    """Where a camera is reached. The password is never told again."""

    model_config = _strict

    url: Annotated[str, Field(min_length=8, max_length=1000)]
    username: Annotated[str | None, Field(max_length=200)] = None
    password: Annotated[str | None, Field(max_length=200)] = None


class CameraIn(BaseModel):
    """A camera with its first revision."""

    model_config = _strict

    camera_id: Identifier
    source: SourceIn | None = None
    revision: RevisionIn


class CameraChange(BaseModel):
    """What may change without a new document; a field left out stays."""

    model_config = _strict

    enabled: bool | None = None
    source: SourceIn | None = None


class SourceOut(BaseModel):
    url: str
    username: str | None
    has_password: bool


class RevisionOut(BaseModel):
    revision: int
    sha256: str
    warnings: list[str] = []


class CameraOut(BaseModel):
    camera_id: str
    name: str
    county: str
    road_class: str
    place_class: str
    enabled: bool
    source_kind: str
    source: SourceOut | None
    revision: RevisionOut
    created_at: datetime
    warnings: list[str] = []


class CameraPage(BaseModel):
    items: list[CameraOut]
    next: str | None


class RevisionDocument(BaseModel):
    revision: int
    sha256: str
    created_at: datetime
    created_by: str
    document: Annotated[dict[str, Any], ShapeOf(CameraRevision)]


class RevisionPage(BaseModel):
    items: list[RevisionDocument]
    next: str | None


def _camera_out(row: dict[str, Any], warnings: list[str] | None = None) -> CameraOut:
    source = None
    if row["source_url"] is not None:
        source = SourceOut(
            url=row["source_url"],
            username=row["source_username"],
            has_password=row["source_sealed_password"] is not None,
        )
    return CameraOut(
        camera_id=row["camera_id"],
        name=row["name"],
        county=row["county"],
        road_class=row["road_class"],
        place_class=row["place_class"],
        enabled=row["enabled"],
        source_kind=row["source_kind"],
        source=source,
        revision=RevisionOut(revision=row["revision"], sha256=row["revision_reference"]["sha256"]),
        created_at=row["created_at"],
        warnings=warnings or [],
    )


def _source(source: SourceIn | None) -> dict[str, str | None] | None:
    return None if source is None else source.model_dump()


@router.post(
    "",
    status_code=201,
    openapi_extra=body_schema(CameraIn),
    responses={409: {"description": "The camera exists."}},
)
async def create_camera(
    resources: ResourcesHere,
    principal: Writer,
    body: Annotated[CameraIn, Depends(json_body(CameraIn))],
) -> CameraOut:
    """Register a camera; it is recorded at once when it has a source."""
    revision: BaseModel = body.revision
    fields = revision.model_dump(mode="json")
    row = await handlers.create_camera(
        resources, principal, body.camera_id, fields, _source(body.source)
    )
    return _camera_out(row, handlers.certificate_warnings(fields, datetime.now(UTC)))


@router.get("")
async def list_cameras(
    resources: ResourcesHere,
    principal: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CameraPage:
    """Cameras within the caller's bounds, by name."""
    after = decode_cursor(cursor, _after_camera)
    async with resources.database.transaction() as session:
        rows = await camera_rows.list_cameras(
            session, principal.bounds, after=after[0] if after else "", limit=limit
        )
    following = next_cursor(rows, limit, lambda row: (row["camera_id"],))
    return CameraPage(items=[_camera_out(row) for row in rows], next=following)


@router.get("/{camera_id}")
async def get_camera(resources: ResourcesHere, principal: Reader, camera_id: CameraId) -> CameraOut:
    """One camera."""
    async with resources.database.transaction() as session:
        row = await handlers.camera_row(session, camera_id, principal.bounds)
    return _camera_out(row)


@router.patch("/{camera_id}", openapi_extra=body_schema(CameraChange))
async def change_camera(
    resources: ResourcesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[CameraChange, Depends(json_body(CameraChange))],
) -> CameraOut:
    """Begin or end recording; change the source."""
    if body.source is not None:
        await handlers.change_source(resources, principal, camera_id, _source(body.source))
    if body.enabled is not None:
        await handlers.enable_camera(resources, principal, camera_id, enabled=body.enabled)
    async with resources.database.transaction() as session:
        row = await handlers.camera_row(session, camera_id, principal.bounds)
    return _camera_out(row)


@router.put("/{camera_id}/source", openapi_extra=body_schema(SourceIn))
async def put_source(
    resources: ResourcesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[SourceIn, Depends(json_body(SourceIn))],
) -> CameraOut:
    """Replace where the camera is reached."""
    return _camera_out(await handlers.change_source(resources, principal, camera_id, _source(body)))


@router.post("/{camera_id}/revisions", status_code=201, openapi_extra=body_schema(RevisionIn))
async def create_revision(
    resources: ResourcesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[BaseModel, Depends(json_body(RevisionIn))],
) -> RevisionOut:
    """Put another configuration in force from the next segment on."""
    fields = body.model_dump(mode="json")
    revision, reference = await handlers.revise_camera(resources, principal, camera_id, fields)
    return RevisionOut(
        revision=revision.revision,
        sha256=reference.sha256,
        warnings=handlers.certificate_warnings(fields, datetime.now(UTC)),
    )


@router.get("/{camera_id}/revisions")
async def list_revisions(
    resources: ResourcesHere,
    principal: Reader,
    camera_id: CameraId,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RevisionPage:
    """Configurations that were or are in force, newest first."""
    before = decode_cursor(cursor, _before_revision)
    async with resources.database.transaction() as session:
        await handlers.camera_row(session, camera_id, principal.bounds)
        rows = await camera_rows.list_revisions(
            session,
            camera_id,
            before=before[0] if before else 2**31 - 1,
            limit=limit,
        )
    items = [
        RevisionDocument(
            revision=row["revision"],
            sha256=row["reference"]["sha256"],
            created_at=row["created_at"],
            created_by=row["created_by"],
            document=row["document"],
        )
        for row in rows
    ]
    following = next_cursor(rows, limit, lambda row: (row["revision"],))
    return RevisionPage(items=items, next=following)

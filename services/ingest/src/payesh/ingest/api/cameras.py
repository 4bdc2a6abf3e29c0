"""Cameras, their sources and revisions."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import Identifier
from payesh.ingest.adapters.cameras import StoredCamera, StoredRevision
from payesh.ingest.api.dependencies import CameraId, DependenciesHere, body_schema, json_body
from payesh.ingest.domain.source_address import shown
from payesh.ingest.handlers import cameras as handlers
from payesh.ingest.handlers import revisions
from payesh.ingest.handlers.sources import EnteredSource
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.paging import Cursor, Limit, Number, decode_cursor, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/cameras", tags=["cameras"])

Reader = Annotated[Principal, Depends(authorize("cameras:read", resource="camera"))]
Writer = Annotated[Principal, Depends(authorize("cameras:write", resource="camera"))]

_strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_after_camera = TypeAdapter(tuple[Identifier])
_before_revision = TypeAdapter(tuple[Number])
_given = ("camera_id", "revision", "created_at")

# The document without what the service itself assigns: derived, so that the two never differ.
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
    """Where a camera is reached. The password is never answered again."""

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


def _camera_out(camera: StoredCamera, warnings: list[str] | None = None) -> CameraOut:
    source = None
    if camera.source is not None:
        source = SourceOut(
            url=shown(camera.source.url),
            username=camera.source.username,
            has_password=camera.source.sealed_password is not None,
        )
    return CameraOut(
        camera_id=camera.camera_id,
        name=camera.name,
        county=camera.place.county,
        road_class=camera.place.road_class,
        place_class=camera.place.place_class,
        enabled=camera.enabled,
        source_kind=camera.source_kind,
        source=source,
        revision=RevisionOut(revision=camera.revision.revision, sha256=camera.revision.sha256),
        created_at=camera.created_at,
        warnings=warnings or [],
    )


def _revision_out(stored: StoredRevision) -> RevisionDocument:
    return RevisionDocument(
        revision=stored.revision,
        sha256=stored.reference.sha256,
        created_at=stored.created_at,
        created_by=stored.created_by,
        document=stored.document,
    )


def _source(source: SourceIn | None) -> EnteredSource | None:
    return None if source is None else EnteredSource(source.url, source.username, source.password)


@router.post(
    "",
    status_code=201,
    openapi_extra=body_schema(CameraIn),
    responses={409: {"description": "The camera exists."}},
)
async def create_camera(
    dependencies: DependenciesHere,
    principal: Writer,
    body: Annotated[CameraIn, Depends(json_body(CameraIn))],
) -> CameraOut:
    """Register a camera; it is recorded at once when it has a source."""
    revision: BaseModel = body.revision
    fields = revision.model_dump(mode="json")
    camera = await handlers.create_camera(
        dependencies, principal, body.camera_id, fields, _source(body.source)
    )
    return _camera_out(camera, revisions.certificate_warnings(fields, datetime.now(UTC)))


@router.get("")
async def list_cameras(
    dependencies: DependenciesHere,
    principal: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CameraPage:
    """Cameras within the caller's bounds, by name."""
    after = decode_cursor(cursor, _after_camera)
    cameras = await handlers.list_cameras(
        dependencies, principal, after=after[0] if after else "", limit=limit
    )
    return CameraPage(
        items=[_camera_out(camera) for camera in cameras],
        next=next_cursor(cameras, limit, lambda camera: (camera.camera_id,)),
    )


@router.get("/{camera_id}")
async def get_camera(
    dependencies: DependenciesHere, principal: Reader, camera_id: CameraId
) -> CameraOut:
    """One camera."""
    return _camera_out(await handlers.get_camera(dependencies, principal, camera_id))


@router.patch("/{camera_id}", openapi_extra=body_schema(CameraChange))
async def change_camera(
    dependencies: DependenciesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[CameraChange, Depends(json_body(CameraChange))],
) -> CameraOut:
    """Begin or end recording; change the source."""
    camera = await handlers.change_camera(
        dependencies, principal, camera_id, source=_source(body.source), enabled=body.enabled
    )
    return _camera_out(camera)


@router.put("/{camera_id}/source", openapi_extra=body_schema(SourceIn))
async def put_source(
    dependencies: DependenciesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[SourceIn, Depends(json_body(SourceIn))],
) -> CameraOut:
    """Replace where the camera is reached."""
    camera = await handlers.change_source(dependencies, principal, camera_id, _source(body))
    return _camera_out(camera)


@router.post("/{camera_id}/revisions", status_code=201, openapi_extra=body_schema(RevisionIn))
async def create_revision(
    dependencies: DependenciesHere,
    principal: Writer,
    camera_id: CameraId,
    body: Annotated[BaseModel, Depends(json_body(RevisionIn))],
) -> RevisionOut:
    """Put another configuration in force from the next segment on."""
    fields = body.model_dump(mode="json")
    revision, reference = await revisions.revise_camera(dependencies, principal, camera_id, fields)
    return RevisionOut(
        revision=revision.revision,
        sha256=reference.sha256,
        warnings=revisions.certificate_warnings(fields, datetime.now(UTC)),
    )


@router.get("/{camera_id}/revisions")
async def list_revisions(
    dependencies: DependenciesHere,
    principal: Reader,
    camera_id: CameraId,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RevisionPage:
    """Configurations that were or are in force, newest first."""
    before = decode_cursor(cursor, _before_revision)
    stored = await revisions.list_revisions(
        dependencies,
        principal,
        camera_id,
        before=before[0] if before else None,
        limit=limit,
    )
    return RevisionPage(
        items=[_revision_out(each) for each in stored],
        next=next_cursor(stored, limit, lambda each: (each.revision,)),
    )

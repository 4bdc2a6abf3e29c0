"""Uploads: video files, and stills of enforcement cameras and radars."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from payesh.contracts.ingest import DeviceMeasurement, SnapshotStored
from payesh.ingest.adapters.recordings import StoredRecording
from payesh.ingest.api.dependencies import CameraId, DependenciesHere, utc
from payesh.ingest.api.forms import form_schema, sent_form
from payesh.ingest.handlers import recordings as handlers
from payesh.ingest.handlers.bounds import require_device, require_uploader
from payesh.ingest.handlers.snapshots import store_snapshot
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/cameras/{camera_id}", tags=["uploads"])


async def _uploader(
    principal: Annotated[Principal, Depends(authorize("recordings:write", resource="recording"))],
    camera_id: CameraId,
) -> Principal:
    require_uploader(principal, camera_id)
    return principal


async def _device(
    principal: Annotated[Principal, Depends(authorize("snapshots:write", resource="snapshot"))],
    camera_id: CameraId,
) -> Principal:
    require_device(principal, camera_id)
    return principal


# Refused before the body is read: the checks are dependencies.
RecordingWriter = Annotated[Principal, Depends(_uploader)]
SnapshotWriter = Annotated[Principal, Depends(_device)]
StreamReader = Annotated[Principal, Depends(authorize("streams:read", resource="recording"))]
ClockU95 = Annotated[
    float, Field(gt=0, le=3_600_000, description="no clock is exact: from a device's certificate")
]

_after_recording = TypeAdapter(tuple[UtcTime, UUID])

RECORDINGS_PATH = "/v1/cameras/{camera_id}/recordings"
SNAPSHOTS_PATH = "/v1/cameras/{camera_id}/snapshots"
_CHUNK_BYTES = 1 << 20
_SLOW = {"description": "The upload did not end in time; the connection ends with it."}


class RecordingForm(BaseModel):
    file: Annotated[UploadFile, Field(description="H.264 or HEVC video; audio is dropped")]
    started_at: Annotated[datetime, Field(description="Time of the first frame")]
    clock_u95_ms: ClockU95


class SnapshotForm(BaseModel):
    image: Annotated[
        UploadFile,
        Field(description="JPEG or PNG, whole; kept byte for byte, but for a missing end marker"),
    ]
    captured_at: Annotated[datetime, Field(description="Time by the device's clock")]
    clock_u95_ms: ClockU95
    measurement: Annotated[
        str | None, Field(max_length=4000, description="JSON: what the device measured")
    ] = None


class RecordingOut(BaseModel):
    recording_id: UUID
    camera_id: str
    state: str
    error: str | None
    warning: str | None
    stream_id: UUID
    segment_count: int
    size_bytes: int
    started_at: datetime
    created_at: datetime


class RecordingPage(BaseModel):
    items: list[RecordingOut]
    next: str | None


class SnapshotOut(BaseModel):
    """The event as published."""

    stream_id: UUID
    sequence: int
    event: Annotated[SnapshotStored, Field(description="ingest.snapshot.stored.v1")]


def _recording_out(recording: StoredRecording) -> RecordingOut:
    return RecordingOut(
        recording_id=recording.recording_id,
        camera_id=recording.camera_id,
        state=recording.state,
        error=recording.error,
        warning=recording.warning,
        stream_id=handlers.recording_stream_id(recording.recording_id),
        segment_count=recording.segment_count,
        size_bytes=recording.object.size_bytes,
        started_at=recording.started_at,
        created_at=recording.created_at,
    )


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK_BYTES):
        yield chunk


@router.post(
    "/recordings",
    status_code=202,
    openapi_extra=form_schema(RecordingForm),
    responses={408: _SLOW},
)
async def post_recording(
    dependencies: DependenciesHere,
    principal: RecordingWriter,
    camera_id: CameraId,
    request: Request,
) -> RecordingOut:
    """Keep a video file; it is segmented in the background, as a stream of its own."""
    deadline_s = dependencies.settings.recording_upload_s
    async with sent_form(request, RecordingForm, dependencies.recording_turns, deadline_s) as form:
        recording = await handlers.accept_recording(
            dependencies,
            principal,
            camera_id,
            _chunks(form.file),
            utc(form.started_at, "started_at"),
            form.clock_u95_ms,
        )
    return _recording_out(recording)


@router.get("/recordings")
async def list_recordings(
    dependencies: DependenciesHere,
    principal: StreamReader,
    camera_id: CameraId,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RecordingPage:
    """Video files of a camera and how far the work on each is, the last uploaded first."""
    after = decode_cursor(cursor, _after_recording)
    found = await handlers.list_recordings(
        dependencies, principal, camera_id, after=after, limit=limit
    )
    return RecordingPage(
        items=[_recording_out(each) for each in found],
        next=next_cursor(found, limit, lambda each: (each.created_at, each.recording_id)),
    )


@router.get("/recordings/{recording_id}")
async def get_recording(
    dependencies: DependenciesHere, principal: StreamReader, camera_id: CameraId, recording_id: UUID
) -> RecordingOut:
    """How far the work on a video file is."""
    return _recording_out(
        await handlers.get_recording(dependencies, principal, camera_id, recording_id)
    )


@router.post(
    "/snapshots",
    status_code=201,
    openapi_extra=form_schema(SnapshotForm),
    responses={
        200: {"model": SnapshotOut, "description": "It was kept before; the same answer."},
        408: _SLOW,
        409: {"description": "The Idempotency-Key was used for another still."},
    },
)
async def post_snapshot(
    dependencies: DependenciesHere,
    principal: SnapshotWriter,
    request: Request,
    response: Response,
    camera_id: CameraId,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> SnapshotOut:
    """Keep a still. The same one sent again gets the same answer, with status 200."""
    limit = dependencies.settings.snapshot_limit_mib * 1024 * 1024
    deadline_s = dependencies.settings.snapshot_upload_s
    async with sent_form(request, SnapshotForm, dependencies.snapshot_turns, deadline_s) as form:
        event, new = await store_snapshot(
            dependencies,
            principal,
            camera_id,
            await form.image.read(limit + 1),
            utc(form.captured_at, "captured_at"),
            form.clock_u95_ms,
            _measurement(form.measurement),
            idempotency_key,
        )
    response.status_code = 201 if new else 200
    return SnapshotOut(stream_id=event.stream_id, sequence=event.sequence, event=event)


def _measurement(text: str | None) -> DeviceMeasurement | None:
    if text is None or not text.strip():
        return None
    try:
        return DeviceMeasurement.model_validate_json(text, extra="forbid")
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", "measurement", *each["loc"])} for each in error.errors()]
        ) from None

"""Evidence over HTTP: streamed by the service, never by a link into the store."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import Response, StreamingResponse

from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.streaming import streamed
from payesh.tickets.evidence import packing
from payesh.tickets.evidence.byte_range import is_range
from payesh.tickets.handlers import actions, evidence_reading, noticing

router = APIRouter(prefix="/v1/citations/{citation_id}", tags=["evidence"])

Reader = Annotated[
    Principal, Depends(authorize(actions.READ_CLIP.scope, resource="evidence", personal=True))
]
RangeHeader = Annotated[str | None, Header(alias="Range", max_length=200)]

_FAULTY: dict[int | str, dict[str, Any]] = {
    502: {"description": "What is stored does not match its hash, or is gone."}
}
# With a schema, though OpenAPI 3.1 needs none: generators of clients return bytes by it.
_FILE = {"schema": {"type": "string", "format": "binary"}}
_CLIP: dict[str, Any] = dict.fromkeys(("video/mp4", "image/jpeg", "image/png"), _FILE)
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": _CLIP, "description": "The whole clip; `ETag` is its SHA-256."},
    206: {"content": _CLIP, "description": "The requested range."},
    416: {"description": "The range lies outside the clip."},
}
_SHOT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": _FILE}, "description": "The picture."}
}
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": "The document, byte for byte the one that the manifest's hash is of.",
    }
}
_MANIFEST: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": "`format` is payesh-evidence-manifest-v1.",
    }
}
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {packing.MEDIA_TYPE: _FILE},
        "description": "Members are stored, in order of their names, without times.",
    }
}
_NOTICE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "PDF/A-2a and PDF/UA-1; `ETag` is its SHA-256.",
    },
    409: {
        "description": "`not-issued`; `no-terms`: the law has no deadlines; `second-look-open`: "
        "you may yet decide it again."
    },
}
_LOOK_OPEN: dict[int | str, dict[str, Any]] = {
    409: {"description": "`second-look-open`: you may yet decide it again."}
}


@router.get("/clip", response_class=StreamingResponse, responses=_BYTES | _FAULTY)
async def read_clip(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    range_header: RangeHeader = None,
) -> Response:
    """The clip (or still) as it was recorded: init and fragments byte for byte."""
    whole = not is_range(range_header)
    clip = await evidence_reading.find_clip(dependencies, principal, citation_id, whole=whole)
    return await streamed(dependencies.store, clip, range_header)


@router.get("/shots/{number}", response_class=StreamingResponse, responses=_SHOT | _FAULTY)
async def read_shot(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    number: Annotated[int, Path(ge=0, le=63)],
) -> Response:
    """A best shot of the vehicle, JPEG; numbered from 0."""
    shot = await evidence_reading.find_shot(dependencies, principal, citation_id, number)
    return await streamed(dependencies.store, shot)


@router.get("/entry/clip", response_class=StreamingResponse, responses=_BYTES | _FAULTY)
async def read_entry_clip(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    range_header: RangeHeader = None,
) -> Response:
    """Of an average speed: the clip of the camera where the stretch begins."""
    whole = not is_range(range_header)
    clip = await evidence_reading.find_entry_clip(dependencies, principal, citation_id, whole=whole)
    return await streamed(dependencies.store, clip, range_header)


@router.get("/entry/shots/{number}", response_class=StreamingResponse, responses=_SHOT | _FAULTY)
async def read_entry_shot(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    number: Annotated[int, Path(ge=0, le=63)],
) -> Response:
    """Of an average speed: a best shot of the vehicle where the stretch begins, JPEG."""
    shot = await evidence_reading.find_entry_shot(dependencies, principal, citation_id, number)
    return await streamed(dependencies.store, shot)


@router.get("/entry/documents/{name}", response_class=Response, responses=_DOCUMENT | _FAULTY)
async def read_entry_document(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    name: Annotated[str, Path(pattern=r"^[a-z]{1,32}\.json$")],
) -> Response:
    """Of an average speed: revision.json or read.json of the camera where the stretch begins."""
    document = await evidence_reading.find_document(
        dependencies, principal, citation_id, f"entry/{name}"
    )
    return await streamed(dependencies.store, document)


@router.get("/manifest", response_class=Response, responses=_MANIFEST | _FAULTY)
async def read_manifest(
    dependencies: DependenciesHere, principal: Reader, citation_id: UUID
) -> Response:
    """All hashes and chain links: with it the bundle can be checked without us."""
    manifest = await evidence_reading.find_manifest(dependencies, principal, citation_id)
    return await streamed(dependencies.store, manifest)


@router.get("/documents/{name}", response_class=Response, responses=_DOCUMENT | _FAULTY)
async def read_document(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    name: Annotated[str, Path(pattern=r"^[a-z]{1,32}\.json$")],
) -> Response:
    """A document that the manifest lists: revision.json, violation.json, read.json, law.json
    (the law's row that priced it)."""
    document = await evidence_reading.find_document(dependencies, principal, citation_id, name)
    return await streamed(dependencies.store, document)


@router.get(
    "/evidence.zip", response_class=StreamingResponse, responses=_ARCHIVE | _FAULTY | _LOOK_OPEN
)
async def read_archive(
    dependencies: DependenciesHere, principal: Reader, citation_id: UUID
) -> Response:
    """Everything in one archive, with the signed decisions until now: `payesh-verify` verifies it
    offline. The same evidence makes the same bytes."""
    archive = await evidence_reading.find_archive(dependencies, principal, citation_id)
    body = archive.stream(dependencies.store)
    head = await anext(body)
    # As below: a store that is away becomes a 503.
    first = await anext(body)

    async def chunks() -> Any:
        yield head
        yield first
        async for chunk in body:
            yield chunk

    headers = {
        "Content-Length": str(archive.size_bytes),
        "Content-Disposition": f'attachment; filename="evidence-{citation_id}.zip"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(chunks(), headers=headers, media_type=packing.MEDIA_TYPE)


@router.get("/notice.pdf", response_class=StreamingResponse, responses=_NOTICE | _FAULTY)
async def read_notice(
    dependencies: DependenciesHere, principal: Reader, citation_id: UUID
) -> Response:
    """The notice to the owner: made once, from what was stored when it was issued. Other people's
    windows and vehicles are masked in its pictures."""
    document = await noticing.read_notice(dependencies, principal, citation_id)
    return await streamed(dependencies.store, document)

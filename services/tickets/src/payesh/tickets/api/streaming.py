"""Objects of the store as answers: streamed by the service, never by a link into the store."""

from typing import Any

from fastapi.responses import Response, StreamingResponse

from payesh.contracts.values import ObjectReference
from payesh.kit.errors import Problem
from payesh.kit.objects import ObjectStore
from payesh.tickets.evidence.byte_range import RangeNotSatisfiable, requested_range

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


async def streamed(
    store: ObjectStore, reference: ObjectReference, range_header: str | None = None
) -> Response:
    """The object, or the range of it that is asked for; never kept. Raises Problem 416."""
    size = reference.size_bytes
    try:
        asked = requested_range(range_header, size)
    except RangeNotSatisfiable as error:
        raise Problem(
            416,
            "range-not-satisfiable",
            "Range not satisfiable",
            f"it has {size} bytes",
            headers={"Content-Range": f"bytes */{size}"},
        ) from error
    start, end = asked or (0, size)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Cache-Control": "private, no-store",
        "ETag": f'"{reference.sha256}"',
    }
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    body = store.stream(reference, start=start, end=end)
    # The first chunk is awaited here: a store that is away becomes a 503, not a broken answer.
    first = await anext(aiter(body), b"")

    async def chunks() -> Any:
        yield first
        async for chunk in body:
            yield chunk

    return StreamingResponse(
        chunks(), 206 if asked else 200, headers=headers, media_type=reference.media_type
    )


async def attached(store: ObjectStore, reference: ObjectReference, name: str) -> Response:
    """As `streamed`, of a file that comes from outside: it is saved, and no browser shows it."""
    answer = await streamed(store, reference)
    ending = _ENDINGS.get(reference.media_type, "bin")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer

"""One citation's evidence, fetched over HTTP: the archive, and the folder that it unpacks to."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID


async def export_evidence(
    get: Callable[[str], Awaitable[bytes]], citation_id: UUID, folder: Path
) -> Path:
    """Write the archive beside `folder`, under its name, and unpack it there; where it lies.

    `get` returns the body of a path of tickets' API, or raises. `payesh-verify` verifies both.
    """
    body = await get(f"/v1/citations/{citation_id}/evidence.zip")
    path = folder.with_name(f"{folder.name}.zip")
    path.write_bytes(body)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)
    return path

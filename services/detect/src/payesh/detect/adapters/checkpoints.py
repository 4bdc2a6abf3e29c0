"""Checkpoints in the object store: a document a camera, an archive a stream."""

from uuid import UUID

from payesh.kit.objects import ObjectStore

BUCKET = "checkpoints"


class Checkpoints:
    """All methods raise StoreUnavailable when the store is away."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def of_camera(self, camera_id: str) -> bytes | None:
        """Which streams of the camera are known; None for a camera that is new."""
        return await self._store.get_latest(BUCKET, camera_key(camera_id))

    async def of_stream(self, stream_id: UUID) -> bytes | None:
        """The stream's archive; None for a stream that is new."""
        return await self._store.get_latest(BUCKET, stream_key(stream_id))

    async def put(self, camera_id: str, watch: bytes, stream_id: UUID, archive: bytes) -> None:
        """Overwrite both. The camera's comes first: it must know a stream that has an archive."""
        await self._store.put_mutable(BUCKET, camera_key(camera_id), watch)
        await self._store.put_mutable(BUCKET, stream_key(stream_id), archive)


def camera_key(camera_id: str) -> str:
    return f"cameras/{camera_id}.json"


def stream_key(stream_id: UUID) -> str:
    return f"{stream_id}.zip"

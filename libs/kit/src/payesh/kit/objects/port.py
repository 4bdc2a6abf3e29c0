"""The port of the object store: bytes are hashed on their way in and out."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol

from payesh.contracts.values import ObjectReference

MIB = 1024 * 1024


class ObjectStore(Protocol):
    """Objects in buckets. All methods raise StoreUnavailable when the store is away.

    An object with a reference never changes; `get_latest` and `put_mutable` are for the few that
    do.
    """

    async def put(
        self,
        bucket: str,
        key: str,
        data: bytes | AsyncIterable[bytes],
        *,
        media_type: str,
        size: int | None = None,
        retain_until: datetime | None = None,
    ) -> ObjectReference:
        """Store an object and return its reference.

        `retain_until` locks it (COMPLIANCE) in a bucket with object lock. Raises MessageFault when
        `size` is given and the data have another.
        """

    async def get(self, reference: ObjectReference, *, limit_bytes: int = 64 * MIB) -> bytes:
        """All bytes. Raises ObjectMissing, ObjectTampered, MessageFault (over the limit)."""

    def stream(
        self, reference: ObjectReference, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes from `start` up to, not including, `end`.

        Only a stream of the whole object is compared with its hash, at its end: ObjectTampered
        then comes after the last chunk. Raises ObjectMissing too.
        """

    async def extend_retention(self, reference: ObjectReference, until: datetime) -> None:
        """Lock an object until a later time. Raises ObjectMissing."""

    async def get_latest(self, bucket: str, key: str) -> bytes | None:
        """The newest version of a mutable object (a checkpoint); None when there is none."""

    async def put_mutable(self, bucket: str, key: str, data: bytes) -> None:
        """Store the newest version of a mutable object."""

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object; one that does not exist is no error."""

    async def keys_after(self, bucket: str, prefix: str, key: str, limit: int) -> list[str]:
        """Keys that begin with `prefix` and follow `key`, at most `limit`, in order."""

    async def ping(self) -> None:
        """Raises StoreUnavailable when the store does not answer."""

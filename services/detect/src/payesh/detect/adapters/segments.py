"""A segment's bytes: its media part, and the init part that many segments share."""

import asyncio
from collections import OrderedDict

from payesh.contracts import SegmentStored
from payesh.contracts.values import ObjectReference
from payesh.kit.objects import MIB, ObjectStore

_SEGMENT_LIMIT_BYTES = 64 * MIB
_INIT_LIMIT_BYTES = MIB
_INITS_KEPT = 256


class Segments:
    """Init parts are immutable, so each is fetched once while it is in use."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._inits: OrderedDict[str, bytes] = OrderedDict()

    async def fetch(self, event: SegmentStored) -> tuple[bytes, bytes]:
        """Init and media part. Raises MessageFault, StoreUnavailable."""
        return await self.parts(event.init, event.media)

    async def parts(self, init: ObjectReference, media: ObjectReference) -> tuple[bytes, bytes]:
        """The bytes of an init and a media part. Raises MessageFault, StoreUnavailable."""
        init_body, media_body = await asyncio.gather(
            self._init(init), self._store.get(media, limit_bytes=_SEGMENT_LIMIT_BYTES)
        )
        return init_body, media_body

    async def _init(self, reference: ObjectReference) -> bytes:
        known = self._inits.get(reference.sha256)
        if known is None:
            known = await self._store.get(reference, limit_bytes=_INIT_LIMIT_BYTES)
            self._inits[reference.sha256] = known
            while len(self._inits) > _INITS_KEPT:
                self._inits.popitem(last=False)
        return known

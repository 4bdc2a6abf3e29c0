"""Objects that many bundles are made of, kept in memory once their bytes were verified."""

from collections import OrderedDict

from payesh.contracts.values import ObjectReference
from payesh.kit.objects import MIB, ObjectStore

_KEPT_BYTES = 16 * MIB
_LARGEST_BYTES = MIB


class KnownObjects:
    """A camera's revision and a stream's init part, which each of its cases refers to.

    What is kept has the SHA-256 of its reference: another version, or other bytes under the same
    key, have another reference and are fetched. The least recently used go first.
    """

    def __init__(self, store: ObjectStore, *, kept_bytes: int = _KEPT_BYTES) -> None:
        self._store = store
        self._kept_bytes = kept_bytes
        self._bodies: OrderedDict[ObjectReference, bytes] = OrderedDict()
        self._size_bytes = 0

    async def get(self, reference: ObjectReference) -> bytes:
        """Raises what `ObjectStore.get` raises."""
        known = self._bodies.get(reference)
        if known is not None:
            self._bodies.move_to_end(reference)
            return known
        body = await self._store.get(reference)
        if len(body) <= _LARGEST_BYTES and reference not in self._bodies:
            self._bodies[reference] = body
            self._size_bytes += len(body)
            while self._size_bytes > self._kept_bytes:
                _, left = self._bodies.popitem(last=False)
                self._size_bytes -= len(left)
        return body

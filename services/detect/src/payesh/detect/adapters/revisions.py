"""Revisions by reference, each fetched once."""

from collections import OrderedDict

from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import RevisionReference
from payesh.kit.errors import MessageFault
from payesh.kit.objects import ObjectStore

_KEPT = 512


class Revisions:
    """Immutable documents, so what was read once stays right."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._known: OrderedDict[str, CameraRevision] = OrderedDict()

    async def load(self, reference: RevisionReference) -> CameraRevision:
        """Raises MessageFault when the document is not what was referred to; StoreUnavailable."""
        known = self._known.get(reference.sha256)
        if known is not None:
            self._known.move_to_end(reference.sha256)
            return known
        if reference.object.sha256 != reference.sha256:
            raise MessageFault("revision: two different hashes for one document", retry=False)
        body = await self._store.get(reference.object, limit_bytes=1024 * 1024)
        try:
            revision = CameraRevision.model_validate_json(body)
        except ValidationError as error:
            raise MessageFault("revision: not a camera revision", retry=False) from error
        self._known[reference.sha256] = revision
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return revision

"""The latest view of each camera in the object store: one document, overwritten by the next."""

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ValidationError

from payesh.contracts.values import RevisionReference
from payesh.detect.adapters.checkpoints import BUCKET
from payesh.kit.objects import ObjectStore


class CameraView(BaseModel):
    """A whole picture of a camera, with the revision that was in force when it was taken.

    It shows whoever passed: personal data. `jpeg` is upright.
    """

    camera_id: str
    county: str
    road_class: str
    captured_at: AwareDatetime
    revision: RevisionReference
    width_px: int
    height_px: int
    jpeg: Base64Bytes


class Views:
    """All methods raise StoreUnavailable when the store is away."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def of_camera(self, camera_id: str) -> CameraView | None:
        """None for a camera of which no view was kept, or none of this version."""
        body = await self._store.get_latest(BUCKET, view_key(camera_id))
        if body is None:
            return None
        try:
            return CameraView.model_validate_json(body)
        except ValidationError:
            return None

    async def put(self, view: CameraView) -> None:
        body = view.model_dump_json().encode()
        await self._store.put_mutable(BUCKET, view_key(view.camera_id), body)


def view_key(camera_id: str) -> str:
    return f"views/{camera_id}.json"

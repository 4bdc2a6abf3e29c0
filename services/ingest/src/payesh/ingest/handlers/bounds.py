"""What a caller reaches: cameras within the bounds of its token."""

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.ingest.adapters.cameras import StoredCamera, camera_exists, find_camera
from payesh.ingest.errors import NotTheDevice, UnknownCamera
from payesh.kit.errors import OutOfBounds
from payesh.kit.principal import Bounds, Principal


async def require_camera(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> StoredCamera:
    """Raises UnknownCamera, OutOfBounds."""
    camera = await find_camera(session, camera_id, bounds, lock=lock)
    if camera is not None:
        return camera
    raise (
        OutOfBounds("this camera")
        if await camera_exists(session, camera_id)
        else UnknownCamera(camera_id)
    )


def require_bounds(bounds: Bounds, revision: CameraRevision) -> None:
    """Raises OutOfBounds."""
    if not bounds.allows(revision.county, revision.road_class):
        raise OutOfBounds("this configuration")


def require_device(principal: Principal, camera_id: str) -> None:
    """Raises NotTheDevice: a still is what a device measured, so its own secret vouches for it,
    and one that leaks forges stills of its cameras alone."""
    if not principal.is_device_of(camera_id):
        raise NotTheDevice(camera_id)


def require_uploader(principal: Principal, camera_id: str) -> None:
    """Raises NotTheDevice for a machine that is not a device of the camera. A person may upload a
    recording, and answers for it by name: its clock counts as declared."""
    if not principal.is_person:
        require_device(principal, camera_id)

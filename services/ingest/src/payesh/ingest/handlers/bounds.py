"""What a caller reaches: cameras within the bounds of its token."""

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.ingest.adapters.cameras import StoredCamera, find_camera
from payesh.ingest.errors import OutOfBounds, UnknownCamera
from payesh.kit.principal import Bounds


async def require_camera(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> StoredCamera:
    """Raises UnknownCamera, also for a camera outside the bounds."""
    camera = await find_camera(session, camera_id, bounds, lock=lock)
    if camera is None:
        raise UnknownCamera(camera_id)
    return camera


def require_bounds(bounds: Bounds, revision: CameraRevision) -> None:
    """Raises OutOfBounds."""
    if not bounds.allows(revision.county, revision.road_class):
        raise OutOfBounds()

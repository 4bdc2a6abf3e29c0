"""A camera's view in the store, and what was measured in it."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import RevisionReference
from payesh.detect.adapters.views import CameraView, Views
from tests.integration.detect.conftest import CountingHouse
from tests.support.revision_builder import revision
from tests.unit.detect.surveyed_road import RoadCamera

ROAD = RoadCamera()
TAKEN_AT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def measured(**changes: Any) -> dict[str, Any]:
    """Chains and widths of a road, as the page sends them."""
    distances = [
        {
            "p1_px": each.from_px,
            "p2_px": each.to_px,
            "metres": round(each.metres, 2),
            "along_road": each.along_road,
        }
        for each in ROAD.surveyed()
    ]
    return {"measured_distances": distances, "measured_points": [], **changes}


async def show_view(
    house: CountingHouse,
    camera_id: str,
    picture: np.ndarray | None = None,
    *,
    size_px: tuple[int, int] = ROAD.picture_px,
    **changes: Any,
) -> CameraRevision:
    """Keep a view of a camera in Garmsar, under a revision that the store has, with
    marks in pictures of `size_px`."""
    width_px, height_px = ROAD.picture_px
    stated = revision(
        camera_id=camera_id,
        county="garmsar",
        width_px=size_px[0],
        height_px=size_px[1],
        lines=(),
        signal_heads=(),
        **changes,
    )
    reference = await house.files.put(
        "revisions",
        f"{camera_id}/1.json",
        stated.model_dump_json().encode(),
        media_type="application/json",
    )
    shown = np.full((height_px, width_px, 3), 90, np.uint8) if picture is None else picture
    encoded = cv2.imencode(".jpg", shown)[1].tobytes()
    view = CameraView(
        camera_id=camera_id,
        county="garmsar",
        road_class=stated.road_class,
        captured_at=TAKEN_AT,
        revision=RevisionReference(revision=1, sha256=reference.sha256, object=reference),
        width_px=width_px,
        height_px=height_px,
        jpeg=b64encode(encoded),
    )
    await Views(house.files).put(view)
    return stated

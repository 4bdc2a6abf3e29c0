"""Where the plate that was read is in the frame of the recording."""

from collections.abc import Sequence

from payesh.contracts import PlateRead
from payesh.contracts.detect import BoxAt, Shot
from payesh.contracts.values import Box


def plate_at(shots: Sequence[Shot], read: PlateRead) -> BoxAt | None:
    """The plate's box in the frame that the read shot was cut from, and that frame's moment.

    None where the read names no box, or a crop that is not among the `shots`.
    """
    if read.shot is None or read.shot.plate_box is None:
        return None
    box = read.shot.plate_box
    for shot in shots:
        if shot.crop.sha256 == read.shot.crop.sha256:
            return BoxAt(
                frame_at=shot.frame_at,
                box=Box(
                    x_px=shot.crop_box.x_px + box.x_px,
                    y_px=shot.crop_box.y_px + box.y_px,
                    width_px=box.width_px,
                    height_px=box.height_px,
                ),
            )
    return None

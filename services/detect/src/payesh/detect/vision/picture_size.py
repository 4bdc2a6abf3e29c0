"""A revision's marks and control points in pictures of another size."""

from payesh.contracts.camera_revision import CameraRevision, Point

Size = tuple[int, int]
"""Width and height in pixels."""

ROUNDING_PX = 2
"""Video has even sizes: one that was scaled may be off by less than this."""


def same_shape(marked_px: Size, picture_px: Size) -> bool:
    """Whether pictures of the two sizes show the same, one larger than the other.

    >>> same_shape((1920, 1080), (854, 480)), same_shape((640, 360), (640, 480))
    (True, False)
    """
    (width, height), (shown_width, shown_height) = marked_px, picture_px
    return (
        abs(shown_width - width * shown_height / height) < ROUNDING_PX
        and abs(shown_height - height * shown_width / width) < ROUNDING_PX
    )


def scaled(revision: CameraRevision, marked_px: Size, picture_px: Size) -> CameraRevision:
    """The revision with everything that is in pixels, from pictures of one size to another's."""
    if all(abs(new - old) < ROUNDING_PX for new, old in zip(picture_px, marked_px, strict=True)):
        return revision  # an odd column or row is cut off, not scaled
    across, down = picture_px[0] / marked_px[0], picture_px[1] / marked_px[1]

    def moved(point: Point) -> Point:
        return point[0] * across, point[1] * down

    calibration = revision.calibration
    if calibration is not None:
        points = tuple(
            point.model_copy(update={"image_px": moved(point.image_px)})
            for point in calibration.control_points
        )
        calibration = calibration.model_copy(update={"control_points": points})
    changes = {
        "width_px": picture_px[0],
        "height_px": picture_px[1],
        "calibration": calibration,
        "lines": tuple(
            line.model_copy(update={"from_px": moved(line.from_px), "to_px": moved(line.to_px)})
            for line in revision.lines
        ),
        "regions": tuple(
            region.model_copy(
                update={"polygon_px": tuple(moved(point) for point in region.polygon_px)}
            )
            for region in revision.regions
        ),
        "lanes": tuple(
            lane.model_copy(
                update={
                    "polygon_px": tuple(moved(point) for point in lane.polygon_px),
                    "from_px": moved(lane.from_px),
                    "to_px": moved(lane.to_px),
                }
            )
            for lane in revision.lanes
        ),
        "signal_heads": tuple(
            head.model_copy(
                update={
                    "lamps": tuple(
                        lamp.model_copy(
                            update={
                                "x_px": lamp.x_px * across,
                                "y_px": lamp.y_px * down,
                                "width_px": lamp.width_px * across,
                                "height_px": lamp.height_px * down,
                            }
                        )
                        for lamp in head.lamps
                    )
                }
            )
            for head in revision.signal_heads
        ),
    }
    return revision.model_copy(update=changes)

"""From a detection to a sighting: where the vehicle is in the picture and on the road."""

from payesh.detect.domain.detections import Detections
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Sighting
from payesh.detect.frames import Frame

BORDER_PX = 3
"""A box nearer to the picture's border than this may be cut by it."""


def sighting_of(
    frame: Frame, detections: Detections, row: int, moment: Moment, scene: Scene
) -> Sighting:
    """The vehicle in a row of the frame's detections; on the road only with a calibrated plane."""
    plane = scene.plane
    box = detections.box(row)
    left, top, right, bottom = box
    whole = bottom < frame.height_px - BORDER_PX
    if not whole or plane is None:
        return Sighting(moment, box, whole)
    foot = ((left + right) / 2, bottom)
    x_m, y_m = (float(v) for v in plane.ground([foot])[0])
    rows_px = 2.0 * scene.row_px + 0.01 * (bottom - top)
    sigma_m = max(float(plane.metres_per_row([foot])[0]) * rows_px, 0.01)
    return Sighting(moment, box, whole, x_m, y_m, sigma_m)

"""What a trajectory shows beyond doubt: the conditions that all rules but speeding share.

Each doubt favours the driver. What may be another vehicle ends a rule for good; what may be
elsewhere in the picture counts as not seen.
"""

from datetime import datetime, timedelta
from math import hypot

from payesh.detect.domain.marks import Polygon, SignalHead
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import Scope
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

LONGEST_GAP_S = 1.0
"""Between two sightings. A tracker loses a vehicle after 0.9 s; what is found later at another
place may be another vehicle."""
_SIZE_CHANGE = 2.0
"""From one sighting to the next, in area: more is another vehicle, or a part of this one."""
_JUMP_BOXES = 1.0
"""Off the place that the last half second leads to, in sizes of the box. Braking at 8 m/s² makes
0.2 m in the 0.2 s between two sightings, a twentieth of a car."""
_HISTORY_S = 0.5
_SAME_SIDE = 0.15
"""How far a side of the box may be from where it was, in widths: what it drives between two
sightings."""
_CLOCK_GUARD = timedelta(seconds=60)
"""A sign's hours are kept by the driver's watch: the minute around their ends is nobody's."""
_LIKE = (
    frozenset({"car", "van"}),
    frozenset({"van", "bus", "truck"}),
    frozenset({"motorcycle", "bicycle"}),
)
"""Classes that detectors take for each other."""


def is_unsure(trajectory: Trajectory, scene: Scene) -> bool:
    """Whether the vehicle may have been followed before, or its latest sighting may be another
    vehicle's: neither may be accused, now or later."""
    return trajectory.began_unsure or has_jumped(trajectory, scene=scene)


def has_jumped(trajectory: Trajectory, scene: Scene | None = None) -> bool:
    """Whether the latest sighting does not follow from those before it. Where boxes overlap, their
    sizes say nothing; with a `scene`, a part that one of its signal heads hides is known to be
    hidden."""
    if len(trajectory.picture) < 2:
        return False
    before, latest = trajectory.picture[-2:]
    if changes_size(before, latest):
        smaller, larger = sorted((before, latest), key=lambda point: point.size_px)
        heads = () if scene is None else scene.signal_heads.values()
        row_px = 1.0 if scene is None else scene.row_px
        if not any(_hides(head, smaller, larger, row_px) for head in heads):
            return True
    return strays(trajectory, len(trajectory.picture))


def changes_size(before: PicturePoint, latest: PicturePoint) -> bool:
    """Whether a box is of another size than the one before, both of the vehicle alone."""
    smaller, larger = sorted((before, latest), key=lambda point: point.size_px)
    change = (larger.size_px / smaller.size_px) ** 2
    # The picture's border hides a part of a box: that explains a smaller one, never a larger one.
    return change > _SIZE_CHANGE and smaller.whole and before.alone and latest.alone


def strays(trajectory: Trajectory, sightings: int) -> bool:
    """Whether the last of the first so many sightings is not where those before it lead, or came
    long after them."""
    if sightings < 2:
        return False
    before, latest = trajectory.picture[sightings - 2 : sightings]
    gap_s = latest.time_s - before.time_s
    if gap_s > LONGEST_GAP_S:
        return True
    earlier = before
    for point in reversed(trajectory.picture[max(sightings - 40, 0) : sightings - 1]):
        if before.time_s - point.time_s > _HISTORY_S:
            break
        earlier = point
    if earlier is before:
        return False
    share = gap_s / (before.time_s - earlier.time_s)
    expected = [b + (b - e) * share for b, e in zip(before.foot_px, earlier.foot_px, strict=True)]
    x_px, y_px = latest.foot_px
    off_px = hypot(x_px - expected[0], y_px - expected[1])
    return off_px > _JUMP_BOXES * max(before.size_px, latest.size_px) * max(share, 1.0)


def _hides(head: SignalHead, smaller: PicturePoint, larger: PicturePoint, row_px: float) -> bool:
    """Whether a signal head between the camera and the vehicle hides what the smaller box lacks: it
    ends at the head, level with it, and its other three sides are those of the larger box, which
    reaches through the head and beyond it."""
    if not head.lamps:
        return False
    left = min(lamp.box[0] for lamp in head.lamps)
    top = min(lamp.box[1] for lamp in head.lamps)
    right = max(lamp.box[2] for lamp in head.lamps)
    bottom = max(lamp.box[3] for lamp in head.lamps)
    near_px = (right - left) + 4.0 * row_px  # the housing beside the lamps, and a box's scatter
    (s_left, s_top, s_right, s_bottom), (l_left, l_top, l_right, l_bottom) = smaller.box, larger.box
    same_px = foot_u95_px(larger, row_px)
    is_level = s_top < bottom and s_bottom > top
    same_height = abs(s_top - l_top) <= same_px and abs(s_bottom - l_bottom) <= same_px
    if not (is_level and same_height):
        return False
    step_px = _SAME_SIDE * (l_right - l_left)
    if abs(s_right - l_right) <= step_px:
        return left - near_px <= s_left <= right + near_px and l_left < left
    if abs(s_left - l_left) <= step_px:
        return left - near_px <= s_right <= right + near_px and l_right > right
    return False


def foot_u95_px(point: PicturePoint, row_px: float) -> float:
    """Where a foot may be off by, either way. Two standard deviations of the edge's scatter (2 rows
    and 1 % of the box, as `sightings` has it), and the edge's height over the road, 0.15 m (95 %)
    of a car of 1.5 m."""
    height_px = point.box[3] - point.box[1]
    return hypot(4.0 * row_px + 0.02 * height_px, 0.10 * height_px)


def is_inside(polygon: Polygon, point: PicturePoint, row_px: float) -> bool | None:
    """Whether the vehicle stands in the polygon; None where that is not sure.

    Its foot and what lies a quarter of its width, or the foot's uncertainty, to each side have to
    agree.
    """
    if not point.whole:
        return None
    x_px, y_px = point.foot_px
    down_px = foot_u95_px(point, row_px)
    side_px = max(down_px, (point.box[2] - point.box[0]) / 4)
    answers = {
        polygon.holds((x_px + dx, y_px + dy))
        for dx, dy in ((0, 0), (-side_px, 0), (side_px, 0), (0, -down_px), (0, down_px))
    }
    return answers.pop() if len(answers) == 1 else None


def surely_applies(scope: Scope, vehicle_class: str, at: datetime) -> bool:
    """Whether a scope applies to every class that the vehicle may be of, and a minute earlier and
    later too. An unknown class is in no scope that names classes."""
    likely = {vehicle_class}.union(*(group for group in _LIKE if vehicle_class in group))
    return all(
        scope.applies_to(each, at + guard)
        for each in likely
        for guard in (-_CLOCK_GUARD, _CLOCK_GUARD)
    )


def surely_excluded(allowed: frozenset[str], vehicle_class: str) -> bool:
    """Whether no class that the vehicle may be of is among the allowed ones. An unknown class may
    be any."""
    likely = {vehicle_class}.union(*(group for group in _LIKE if vehicle_class in group))
    return vehicle_class != "unknown" and allowed.isdisjoint(likely)

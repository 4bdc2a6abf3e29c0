"""A track that goes over to another vehicle has jumped; the picture's border alone is no jump."""

import pytest

from payesh.detect.domain.marks import Lamp, SignalHead
from payesh.detect.domain.rules.certainty import has_jumped
from payesh.detect.domain.scene import Scene
from tests.unit.detect.driven import Seen, box_at, followed

RIDER = [Seen(n / 10, box_at(540 + 3 * n, 270 + 3 * n, 28, 55)) for n in range(8)]
"""A motorcycle that rolls towards the camera, seen in a real film."""
LORRY = Seen(0.8, box_at(575, 360, 123, 148), whole=False)
"""Crosses in front of it, and takes its track over; the border cuts the lorry's box."""


@pytest.mark.parametrize(
    ("sightings", "jumped"),
    [
        ([*RIDER, LORRY], True),
        ([*RIDER, LORRY._replace(alone=False)], False),
        ([LORRY._replace(time_s=0.0), Seen(0.1, box_at(575, 340, 60, 60), whole=True)], True),
        (RIDER, False),
        ([Seen(0.0, box_at(300, 330, 90, 80)), Seen(0.1, box_at(300, 360, 90, 35), whole=False)],
         False),
        ([Seen(0.0, box_at(300, 360, 90, 30), whole=False), Seen(0.1, box_at(300, 350, 90, 80))],
         False),
    ],
    ids=["to a larger vehicle at the border", "boxes overlap", "from a larger one at the border",
         "drives on", "drives out of the picture", "drives into the picture"],
)  # fmt: skip
def test_a_border_explains_a_smaller_box_never_a_larger_one(
    sightings: list[Seen], jumped: bool
) -> None:
    assert has_jumped(followed(sightings)) is jumped


HEAD = SignalHead(
    "median",
    "stop",
    tuple(
        Lamp(state, (607.0, top, 619.0, top + 12.0))
        for state, top in (("red", 168.0), ("amber", 182.0), ("green", 196.0))
    ),
    grace_ms=0,
)
SCENE = Scene(signal_heads={"median": HEAD})
TURNS = [Seen(n / 10, (620.0 - 3 * n, 165.0, 675.0 - 3 * n, 213.0)) for n in range(6)]
"""A car that drives to the left behind the head: of what is left of it nothing is seen."""


@pytest.mark.parametrize(
    ("box", "jumped"),
    [
        ((545.0, 163.0, 658.0, 214.0), False),
        ((610.0, 163.0, 723.0, 214.0), True),
        ((545.0, 130.0, 658.0, 250.0), True),
        ((500.0, 163.0, 720.0, 214.0), True),
    ],
    ids=["comes out beside the head", "grows on the other side", "is taller too",
         "grows on both sides"],
)  # fmt: skip
def test_a_signal_head_explains_what_it_hides_and_nothing_else(
    box: tuple[float, float, float, float], jumped: bool
) -> None:
    way = followed([*TURNS, Seen(0.6, box)])
    assert has_jumped(way, scene=SCENE) is jumped
    assert has_jumped(way, scene=Scene())
    aside = [seen._replace(box=moved(seen.box)) for seen in (*TURNS, Seen(0.6, box))]
    assert has_jumped(followed(aside), scene=SCENE)
    back = [Seen(n / 10, box) for n in range(6)]
    assert has_jumped(followed([*back, TURNS[-1]._replace(time_s=0.6)]), scene=SCENE) is jumped


def moved(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The same at another place, where no head is."""
    left, top, right, bottom = box
    return left + 300.0, top, right + 300.0, bottom

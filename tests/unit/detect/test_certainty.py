"""A track that goes over to another vehicle has jumped; the picture's border alone is no jump."""

import pytest

from payesh.detect.domain.rules.certainty import has_jumped
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

"""What several readings of one plate say together. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from payesh.plates.domain.plate_text import LAYOUT_UNKNOWN
from payesh.plates.domain.reading import PlateReading


def agreed(readings: Sequence[PlateReading]) -> tuple[int, PlateReading] | None:
    """The text that the readings together support most: the place of its surest reading, and
    that reading as sure as all of them are. None when nothing was legible.

    Every reading votes for its text with its confidence. Where they disagree, the winner's
    confidence shrinks by the share of the votes that it got, so that a plate read in two ways is
    never sure. A text of no known layout counts only when there is no other.
    """
    legible = [(place, each) for place, each in enumerate(readings) if each.text]
    known = [(place, each) for place, each in legible if each.layout != LAYOUT_UNKNOWN]
    candidates = known or legible
    if not candidates:
        return None
    votes: dict[str, float] = {}
    for _, each in candidates:
        votes[each.text] = votes.get(each.text, 0.0) + each.confidence
    winner = max(sorted(votes), key=lambda text: votes[text])
    total = sum(votes.values())
    share = votes[winner] / total if total > 0 else 0.0
    place, surest = max(
        (candidate for candidate in candidates if candidate[1].text == winner),
        key=lambda candidate: (candidate[1].confidence, -candidate[0]),
    )
    return place, replace(surest, confidence=surest.confidence * share)

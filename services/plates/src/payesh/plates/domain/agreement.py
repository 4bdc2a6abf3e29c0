"""Agreement of several readings of one plate."""

from collections.abc import Sequence
from dataclasses import replace

from payesh.plates.domain.reading import PlateReading


def agreed(readings: Sequence[PlateReading]) -> tuple[int, PlateReading] | None:
    """The text that the readings together support most, as the index of its surest reading and
    that reading with the confidence of all of them; None when nothing was legible.

    Every reading votes for its text with its confidence. Where they disagree, the winner's
    confidence shrinks to its share of the votes, so that a plate read in two ways has a low one.
    A text of no known layout counts only when there is no other. A text with `?` votes as any
    other does.
    """
    legible = [(index, each) for index, each in enumerate(readings) if each.text]
    known = [(index, each) for index, each in legible if each.layout is not None]
    candidates = known or legible
    if not candidates:
        return None
    votes: dict[str, float] = {}
    for _, each in candidates:
        votes[each.text] = votes.get(each.text, 0.0) + each.confidence
    winner = max(sorted(votes), key=lambda text: votes[text])
    total = sum(votes.values())
    share = votes[winner] / total if total > 0 else 0.0
    index, surest = max(
        (candidate for candidate in candidates if candidate[1].text == winner),
        key=lambda candidate: (candidate[1].confidence, -candidate[0]),
    )
    return index, replace(surest, confidence=surest.confidence * share)

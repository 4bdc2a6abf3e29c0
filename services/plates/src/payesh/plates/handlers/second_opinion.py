"""The second reader's opinion of a read that may accuse somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from payesh.contracts.plates import SecondOpinion
from payesh.contracts.values import ModelReference
from payesh.plates import metrics
from payesh.plates.adapters.pictures import decode_picture
from payesh.plates.domain.best_read import ShotReading
from payesh.plates.ports import SecondReader

log = structlog.get_logger(__name__)

_LONGEST_TEXT = 64
"""Characters of a text that the event's schema admits; no plate has nearly as many."""


@dataclass(frozen=True, slots=True)
class RereadRules:
    """Reads with at least the confidence `least` are read by `reader` too."""

    reader: SecondReader
    least: float


def second_opinion(
    rules: RereadRules, best: ShotReading | None, crops: Sequence[bytes]
) -> SecondOpinion | None:
    """What the second reader reads in the shot and the box of a read that may support a citation;
    `crops` are the passage's pictures. None for every other read, and where the second reader
    failed: the first read stands without it."""
    if best is None or not best.reading.is_read or best.confidence < rules.least:
        return None
    try:
        read = rules.reader.read_again(decode_picture(crops[best.shot]), best.plate)
    except Exception:
        metrics.second_opinions.labels("failed").inc()
        log.exception("no second reading")
        return None
    agrees = read.text == best.reading.text
    metrics.second_opinions.labels("same" if agrees else "other").inc()
    return SecondOpinion(
        text=read.text[:_LONGEST_TEXT] or None,
        confidence=read.confidence,
        reader=rules.reader.name,
        model=ModelReference(name="second_reader", sha256=rules.reader.sha256),
    )

"""Figures of readings beside their labels: exact, per character, coverage against error."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from payesh.contracts.plate_text import parse, split_characters
from payesh.plates.domain.reading import UNREADABLE, PlateReading
from payesh.plates.handlers.picture_reading import PictureRead

_THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
_WIDTHS_PX = (60, 80, 100, 150, 250)
_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """A labelled plate as it was read; `reading` is None where no plate was located.

    `width_px` is the plate's width in the picture, `second` what the second reader read of it;
    None where it was not asked.
    """

    file: str
    source: str
    truth: str
    reading: PlateReading | None
    width_px: float
    second: str | None = None

    @classmethod
    def of(cls, found: PictureRead) -> Self:
        """A plate of which no label is known."""
        return cls("", "", "", found.reading, found.plate.width)

    @property
    def is_contradicted(self) -> bool:
        """Whether the second reader read otherwise: its draft is held."""
        return self.second is not None and self.second != self.text

    @property
    def text(self) -> str:
        """What was read, empty where nothing was."""
        return "" if self.reading is None else self.reading.text

    @property
    def is_exact(self) -> bool:
        """Whether the text is the label's."""
        return self.text == self.truth

    def is_accepted(self, least: float) -> bool:
        """Whether the read would support a citation: complete, and at least so sure."""
        reading = self.reading
        return (
            reading is not None
            and reading.is_read
            and reading.layout is not None
            and reading.confidence >= least
        )


def figures(plates: Sequence[ReadPlate], least: float, *, held: bool = False) -> dict[str, Any]:
    """Exact reads, characters right, and what is accepted from the confidence `least` on; with
    `held` without what the second reader contradicts."""
    located = [each for each in plates if each.reading is not None]
    right, places = _characters_right(plates)
    accepted = [e for e in plates if e.is_accepted(least) and not (held and e.is_contradicted)]
    wrong = sum(not each.is_exact for each in accepted)
    return {
        "plates": len(plates),
        "located": _share(len(located), len(plates)),
        "exact": _share(sum(each.is_exact for each in plates), len(plates)),
        "characters": _share(right, places),
        "accepted": _share(len(accepted), len(plates)),
        "accepted_wrong": wrong,
        "accepted_wrong_share": _share(wrong, len(accepted)),
        "accepted_wrong_share_95": _interval(wrong, len(accepted)),
    }


def report(plates: Sequence[ReadPlate], least: float) -> dict[str, Any]:
    """Figures of all plates, by source, letter and width; confusions; coverage against error."""
    sources: dict[str, list[ReadPlate]] = defaultdict(list)
    letters: dict[str, list[ReadPlate]] = defaultdict(list)
    widths: dict[str, list[ReadPlate]] = defaultdict(list)
    for each in plates:
        sources[each.source].append(each)
        widths[_bucket(each.width_px)].append(each)
        parts = parse(each.truth)
        letters[parts.letter if parts else "other layout"].append(each)
    return {
        "all": figures(plates, least),
        "by_source": {name: figures(own, least) for name, own in sorted(sources.items())},
        "by_width_px": {name: figures(own, least) for name, own in widths.items()},
        "by_letter": {
            name: {"plates": len(own), "exact": _share(sum(e.is_exact for e in own), len(own))}
            for name, own in sorted(letters.items())
        },
        "confusions": _confusions(plates),
        "coverage": [
            {"confidence": at, **_coverage(plates, at)} for at in _THRESHOLDS
        ],
    }  # fmt: skip


def _coverage(plates: Sequence[ReadPlate], at: float) -> dict[str, Any]:
    accepted = [each for each in plates if each.is_accepted(at)]
    wrong = sum(not each.is_exact for each in accepted)
    return {"accepted": _share(len(accepted), len(plates)), "wrong": wrong}


def _characters_right(plates: Sequence[ReadPlate]) -> tuple[int, int]:
    right = places = 0
    for each in plates:
        wanted, read = _places(each.truth), _places(each.text)
        places += len(wanted)
        if len(wanted) == len(read):
            right += sum(a == b for a, b in zip(wanted, read, strict=True))
    return right, places


def _confusions(plates: Sequence[ReadPlate]) -> list[dict[str, Any]]:
    """Pairs of label and read character, most frequent first; unreadable ones are `?`."""
    pairs: Counter[tuple[str, str]] = Counter()
    for each in plates:
        wanted, read = _places(each.truth), _places(each.text)
        if len(wanted) == len(read):
            pairs.update((a, b) for a, b in zip(wanted, read, strict=True) if a != b)
    return [
        {"label": label, "read": read, "times": times}
        for (label, read), times in pairs.most_common(40)
    ]


def _places(text: str) -> tuple[str, ...]:
    try:
        parts = [split_characters(part) for part in text.split(UNREADABLE)]
    except ValueError:
        return tuple(text)
    joined: tuple[str, ...] = parts[0]
    for part in parts[1:]:
        joined = (*joined, UNREADABLE, *part)
    return joined


def _bucket(width_px: float) -> str:
    for low, high in zip((0, *_WIDTHS_PX), (*_WIDTHS_PX, None), strict=True):
        if high is None or width_px < high:
            return f"{low} and more" if high is None else f"{low} to {high}"
    raise AssertionError("the last bucket has no end")


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _interval(part: int, whole: int) -> tuple[float, float] | None:
    """The 95 % interval of a share (Wilson, JASA 1927).

    >>> _interval(0, 100)
    (0.0, 0.037)
    """
    if not whole:
        return None
    share, z2 = part / whole, _Z_95**2
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = _Z_95 * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    return max(0.0, round(middle - half, 4)), min(1.0, round(middle + half, 4))


def milliseconds(spent: Sequence[float]) -> dict[str, float]:
    """Median and mean of processor times in seconds."""
    times: NDArray[np.float64] = np.array(spent) * 1e3
    return {"median": round(float(np.median(times)), 2), "mean": round(float(times.mean()), 2)}

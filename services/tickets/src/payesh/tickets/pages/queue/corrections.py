"""A plate's correction as the queue shows it: the reader's reading and both officers'."""

from dataclasses import dataclass
from datetime import datetime

from payesh.contracts.plate_text import LETTERS
from payesh.tickets.domain.readings import Correction
from payesh.tickets.pages.persian import persian_short_date, persian_time
from payesh.tickets.pages.plates import PlateCard, plate_card, plate_colour

KEYPAD = [(letter, plate_colour(letter)) for letter in LETTERS]
"""Letters of the keypad with the colour of their plates, in the order of the alphabet."""
HIDDEN_PLATE = PlateCard("؟", None, "white", "پنهان تا مأمور دوم آن را بخواند")


@dataclass(frozen=True, slots=True)
class CorrectionCard:
    """`second` is None until the second officer read a plate."""

    drafted: PlateCard
    plate: PlateCard
    by: str
    at: str
    reason: str
    second: PlateCard | None
    second_by: str | None
    second_at: str | None
    second_note: str | None
    is_confirmed: bool


def correction_card(correction: Correction | None) -> CorrectionCard | None:
    if correction is None:
        return None
    second, second_at = correction.second_plate, correction.second_at
    return CorrectionCard(
        drafted=plate_card(correction.drafted),
        plate=plate_card(correction.plate),
        by=correction.by,
        at=_moment(correction.at),
        reason=correction.reason,
        second=plate_card(second) if second else None,
        second_by=correction.second_by,
        second_at=_moment(second_at) if second_at else None,
        second_note=correction.second_note,
        is_confirmed=correction.is_confirmed,
    )


def _moment(at: datetime) -> str:
    return f"{persian_short_date(at)}، {persian_time(at)}"

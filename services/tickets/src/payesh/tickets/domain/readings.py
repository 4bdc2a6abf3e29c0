"""How people read a plate: what one officer corrected it to, and what a second officer read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """`drafted` is the plate as the reader read it, `plate` as the officer `by` reads it at `at`,
    with the reason, from the picture of this SHA-256. Plates are canonical texts. The second
    officer's reading is None until there is one; `second_plate` is None too where that officer
    read none, and said why in `second_note`."""

    drafted: str
    plate: str
    by: str
    at: datetime
    reason: str
    picture_sha256: str
    second_by: str | None = None
    second_at: datetime | None = None
    second_plate: str | None = None
    second_note: str | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether two officers read the same plate."""
        return self.second_plate == self.plate

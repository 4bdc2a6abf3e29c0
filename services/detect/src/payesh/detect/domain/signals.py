"""What a signal head shows, from the looks of its lamps.

A lamp is lit where its colour is as strong as it is when lit, and that is known once it has been
seen both lit and dark: a pane of red glass in the sun is red too. Whatever does not fit is
`not_seen`, and supports no accusation.
"""

from dataclasses import asdict, dataclass, field
from math import atan2, degrees, exp, hypot
from typing import Any, NamedTuple, Self

from payesh.detect.domain.marks import Lamp, SignalHead

RED, AMBER, GREEN, OFF, NOT_SEEN = "red", "amber", "green", "off", "not_seen"


class LampLook(NamedTuple):
    """Chroma of a lamp's place, Cb and Cr from -128 to 127, ITU-R BT.601."""

    cb: float
    cr: float

    @property
    def saturation(self) -> float:
        return hypot(self.cb, self.cr)

    @property
    def hue_deg(self) -> float:
        """The angle of (Cb, Cr), 0 up to 360: red is about 110, yellow 170, green 230 to 280."""
        return degrees(atan2(self.cr, self.cb)) % 360.0


NOTHING = LampLook(0.0, 0.0)
HUES_DEG = {RED: (50.0, 130.0), AMBER: (135.0, 185.0), GREEN: (195.0, 300.0)}
"""What counts as a lamp's colour. Between red and amber lies a gap on purpose."""
LEAST_CONTRAST = 10.0
"""Of saturation between lit and dark, from which a lamp is understood; grey noise has about 3."""
_LIT, _DARK = 0.65, 0.4
_OTHERS = 0.7
"""Share of the lit lamp's saturation that another place of the head may have in the same colour:
above, something coloured stands before the head."""
_FORGET_S = 900.0
"""With the light of the day, a lamp's range is learned anew."""
LONGEST_GAP_S = 1.0
"""Between two frames: over a longer one, a head may have shown anything."""
HOLD_S = 0.5
"""A lamp that blinks with the mains or is hidden for less goes on showing."""
_LEAST_LAMPS = 2
"""Of a head, to be seen lit and dark: what is coloured and passes before one lamp is no signal."""
CONFIRMED_BY = 2
"""Frames in a row before a lamp counts."""


def has_colour(state: str, look: LampLook) -> bool:
    """Whether a look has the colour of a lamp of this state."""
    low, high = HUES_DEG.get(state, (0.0, -1.0))
    return low <= look.hue_deg <= high


@dataclass(slots=True)
class LampRange:
    """How strong a lamp's own colour is when it is dark and when it is lit."""

    dark: float | None = None
    lit: float = 0.0
    is_lit: bool = False

    @property
    def contrast(self) -> float:
        return 0.0 if self.dark is None else self.lit - self.dark

    def update(self, glow: float, since_s: float) -> bool | None:
        """Whether the lamp is lit; None while that is not understood."""
        if self.dark is None:
            self.dark = self.lit = glow
            return None
        drift = 1.0 - exp(-since_s / _FORGET_S)
        self.dark = min(glow, self.dark + drift * (glow - self.dark))
        self.lit = max(glow, self.lit + drift * (glow - self.lit))
        if self.contrast < LEAST_CONTRAST:
            return None
        share = (glow - self.dark) / self.contrast
        if share >= _LIT:
            self.is_lit = True
        elif share <= _DARK:
            self.is_lit = False
        else:
            return None
        return self.is_lit


class Showing(NamedTuple):
    """What a head shows, on the stream's timeline. It began at `since_s` at the latest, and not
    earlier than `u95_s` before, if the frame before showed another lamp."""

    lamp: str
    since_s: float
    u95_s: float


@dataclass(slots=True)
class HeadWatch:
    """One signal head, frame by frame."""

    ranges: dict[str, LampRange] = field(default_factory=dict)
    lamp: str = NOT_SEEN
    since_s: float = 0.0
    u95_s: float = 0.0
    seen_s: float = 0.0
    """When the lamp was last seen as it is shown."""
    last_s: float | None = None
    lamps: tuple[Lamp, ...] = ()
    """As marked: where they are marked elsewhere, nothing is known of them."""
    coming: str = NOT_SEEN
    coming_since_s: float = 0.0
    coming_u95_s: float = 0.0
    coming_frames: int = 0

    def see(self, head: SignalHead, looks: list[LampLook], time_s: float) -> Showing:
        """The looks of the head's lamps, in their order."""
        if head.lamps != self.lamps:
            self.ranges, self.lamps, self.last_s = {}, head.lamps, None
        elapsed_s = 0.0 if self.last_s is None else time_s - self.last_s
        if self.last_s is None or not 0.0 <= elapsed_s <= LONGEST_GAP_S:
            self.lamp, self.since_s, self.u95_s, self.seen_s = NOT_SEEN, time_s, 0.0, time_s
            self.coming_frames, elapsed_s = 0, 0.0
        self._show(self._shown_by(head, looks, elapsed_s), time_s, elapsed_s)
        self.last_s = time_s
        return Showing(self.lamp, self.since_s, self.u95_s)

    def _shown_by(self, head: SignalHead, looks: list[LampLook], elapsed_s: float) -> str:
        """What one frame shows."""
        lit: list[int] = []
        unclear = False
        for index, (lamp, look) in enumerate(zip(head.lamps, looks, strict=True)):
            glow = look.saturation if has_colour(lamp.state, look) else 0.0
            known = self.ranges.setdefault(str(index), LampRange())
            answer = known.update(glow, elapsed_s)
            if answer:
                lit.append(index)
            unclear = unclear or (answer is None and glow >= LEAST_CONTRAST)
        if len(lit) != 1 or unclear:
            return NOT_SEEN if lit or unclear else OFF
        if sum(each.contrast >= LEAST_CONTRAST for each in self.ranges.values()) < _LEAST_LAMPS:
            return NOT_SEEN
        state, look = head.lamps[lit[0]].state, looks[lit[0]]
        tinted = any(
            has_colour(state, other) and other.saturation > _OTHERS * look.saturation
            for index, other in enumerate(looks)
            if index != lit[0]
        )
        return NOT_SEEN if tinted else state

    def _show(self, shown: str, time_s: float, elapsed_s: float) -> None:
        if shown == self.lamp:
            self.seen_s, self.coming_frames = time_s, 0
            return
        if shown != self.coming or not self.coming_frames:
            self.coming, self.coming_since_s, self.coming_frames = shown, time_s, 0
            self.coming_u95_s = elapsed_s
        self.coming_frames += 1
        if shown in (OFF, NOT_SEEN):
            if time_s - self.seen_s <= HOLD_S:
                return
        elif self.coming_frames < CONFIRMED_BY:
            # Another lamp ends this one at once; it is shown itself when a second frame has it.
            self.lamp, self.since_s, self.u95_s = NOT_SEEN, time_s, elapsed_s
            self.seen_s = time_s
            return
        self.lamp, self.since_s, self.u95_s = shown, self.coming_since_s, self.coming_u95_s
        self.seen_s, self.coming_frames = time_s, 0

    def to_state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        ranges = {name: LampRange(**known) for name, known in state["ranges"].items()}
        lamps = tuple(_lamp(**lamp) for lamp in state["lamps"])
        return cls(**{**state, "ranges": ranges, "lamps": lamps})


def _lamp(state: str, box: list[float]) -> Lamp:
    left, top, right, bottom = box
    return Lamp(state, (left, top, right, bottom))

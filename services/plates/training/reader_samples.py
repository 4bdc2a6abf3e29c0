"""Training pictures for the readers: real plates cut with jitter, real plates with exchanged
characters, and drawn plates; covered, turned into negatives, and coarse as at a distance."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from covering import Cells, covered, unreadable
from drawn_art import art_plates
from picture_files import Picture, jpeg_coded
from plate_drawing import DrawnPlate, Glyphs, draw, random_text
from reader_network import HEIGHT_PX, STEPS, WIDTH_PX
from sources import SourcePlate, Sources

from payesh.contracts.plate_text import LETTERS
from payesh.plates.domain.reading import UNREADABLE

GROWN_X, GROWN_Y = 1.12, 1.35
"""A located box grows by these factors about its centre before it is read."""
_DRAWN_WIDTH_PX = 216
_DIGIT_HALF_WIDTH, _LETTER_HALF_WIDTH, _HALF_HEIGHT = 0.042, 0.066, 0.34
"""Half sizes of characters, as shares of the plate's width and height."""
_TURNED_HEIGHT = 0.21
"""A plate's height over its width: the upright box of a turned plate is higher."""
_HARD = frozenset("2346190")


@dataclass(frozen=True)
class Shares:
    """How often each kind of sample comes; the sources' shares add up to 1."""

    real: dict[str, float] = field(
        default_factory=lambda: {"roozbeh": 0.27, "anajar": 0.2, "photo": 0.2}
    )
    drawn: float = 0.15
    art: float = 0.1
    pasted_glyph: float = 0.05
    no_plate: float = 0.03
    covered: float = 0.3
    negative: float = 0.055
    exchanged: float = 0.2


class ReaderSamples:
    """Random samples: a picture (48, 192) uint8, class ids (8,), and the class that is known for
    each step (48,), -1 where none is."""

    def __init__(self, sources: Sources, glyphs: Glyphs, ids: dict[str, int], shares: Shares,
                 seed: int, pool: int = 600) -> None:  # fmt: skip
        self._sources, self._glyphs, self._ids, self._shares = sources, glyphs, ids, shares
        rng = np.random.default_rng(seed)
        self._drawn = [self._small(draw(glyphs, rng)) for _ in range(pool)]
        self._art = [self._small(plate) for plate in art_plates(pool // 3, seed=seed + 1)]
        everything = [plate for group in sources.plates.values() for plate in group]
        rare = {letter: [p for p in everything if letter in p.characters] for letter in LETTERS}
        self._rare = [group for group in rare.values() if 0 < len(group) < 120]
        self._kinds = [*shares.real, "drawn", "art", "glyph", "none"]
        self._limits = np.cumsum(
            [*shares.real.values(), shares.drawn, shares.art, shares.pasted_glyph, shares.no_plate]
        )

    def batch(self, seed: int, number: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Batch `number` of a stream: pictures (size, 48, 192) uint8, ids (size, 8) and hints
        (size, 48) int16. The same seed and number give the same batch."""
        rng = np.random.default_rng([seed, number])
        rows = [self.sample(rng) for _ in range(size)]
        pictures, ids, hints = zip(*rows, strict=True)
        return np.stack(pictures), np.array(ids, np.int16), np.stack(hints)

    def sample(self, rng: np.random.Generator) -> tuple[Picture, list[int], np.ndarray]:
        kind = self._kinds[int(np.searchsorted(self._limits, rng.random() * self._limits[-1]))]
        if kind == "none":
            return self._no_plate(rng)
        plate, real = self._plate(kind, rng), kind in self._shares.real
        turn = rng.normal(0, 3) if rng.random() < 0.8 else rng.uniform(-10, 10)
        cut, matrix = _cut(plate, rng, float(turn), real)
        cells = None if plate.places is None else _cells(plate, matrix)
        lost = np.zeros(8)
        if cells is not None and rng.random() < self._shares.covered:
            cut, lost = covered(cut, cells, rng, self._sources.grounds)
        characters = np.where(unreadable(lost, rng), UNREADABLE, np.array(plate.characters))
        refused = rng.random()
        if refused < self._shares.negative:
            cut = 255 - cut
        elif refused < self._shares.negative + 0.008:
            cut = np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.6 else cut[::-1, ::-1])
            cells = None
        if refused < self._shares.negative + 0.008:
            characters = np.full(8, UNREADABLE)
        if rng.random() < (0.45 if real else 0.85):
            cut = _coarsened(cut, rng, 0.3 if real else 0.27)
        ids = [self._ids[c] for c in characters.tolist()]
        return cut, ids, _hints(ids, cells)

    def _plate(self, kind: str, rng: np.random.Generator) -> SourcePlate:
        if kind == "drawn":
            drawn = self._drawn[int(rng.integers(len(self._drawn)))]
            if rng.random() < 0.1:
                drawn = self._small(draw(self._glyphs, rng))
            return self._on_ground(drawn, rng)
        if kind == "art":
            return self._on_ground(self._art[int(rng.integers(len(self._art)))], rng)
        if kind == "glyph":
            return self._on_ground(self._with_glyph(rng), rng)
        group = self._sources.plates[kind]
        if rng.random() < 0.08:
            group = self._rare[int(rng.integers(len(self._rare)))]
            return group[int(rng.integers(len(group)))]
        plate = group[int(rng.integers(len(group)))]
        if kind != "anajar" and plate.places is not None and rng.random() < self._shares.exchanged:
            return _exchanged(plate, group, rng)
        return plate

    def _small(self, plate: DrawnPlate) -> DrawnPlate:
        size = (_DRAWN_WIDTH_PX, round(_DRAWN_WIDTH_PX * plate.grey.shape[0] / plate.grey.shape[1]))
        return replace(plate, grey=_resized(plate.grey, size, cv2.INTER_AREA))

    def _with_glyph(self, rng: np.random.Generator) -> DrawnPlate:
        """A drawn plate with the picture of a real rare letter in its place."""
        letter, glyph = self._sources.glyphs[int(rng.integers(len(self._sources.glyphs)))]
        text = list(random_text(rng))
        text[2] = letter
        low, high = (float(v) for v in np.percentile(glyph, (8, 92)))
        light = letter in {"الف", "پ"}
        tones = (low, high) if light else (high, low)
        plate = self._small(draw(self._glyphs, rng, tuple(text), tones=tones, without_letter=True))
        height, width = plate.grey.shape
        tall = height * rng.uniform(0.5, 0.72)
        wide = min(tall * glyph.shape[1] / glyph.shape[0], width * 0.15)
        size = (max(4, round(wide)), max(4, round(tall)))
        how = cv2.INTER_AREA if size[0] < glyph.shape[1] else cv2.INTER_CUBIC
        patch = _resized(glyph, size, how)
        left = round(plate.centres[2] * width - size[0] / 2)
        top = round(height * rng.uniform(0.47, 0.55) - size[1] / 2)
        _blend(plate.grey, patch, left, top, feather=2)
        return plate

    def _on_ground(self, plate: DrawnPlate, rng: np.random.Generator) -> SourcePlate:
        """The drawn plate on a piece of a road picture."""
        h, w = plate.grey.shape
        ground = self._sources.grounds[int(rng.integers(len(self._sources.grounds)))]
        y, x = (int(rng.integers(0, ground.shape[0] - 40)),
                int(rng.integers(0, ground.shape[1] - 60)))  # fmt: skip
        scene = _resized(ground[y : y + 40, x : x + 60], (int(w * 1.5), int(h * 2.2)))
        left, top = int(w * 0.25), int(h * 0.6)
        scene[top : top + h, left : left + w] = plate.grey
        places = np.array([(left + c * w, top + h / 2) for c in plate.centres])
        box = (float(left), float(top), float(w), float(h))
        return SourcePlate(scene, box, plate.characters, places, plate.light_ink)

    def _no_plate(self, rng: np.random.Generator) -> tuple[Picture, list[int], np.ndarray]:
        """A piece of road, or Latin lettering on it."""
        ground = self._sources.grounds[int(rng.integers(len(self._sources.grounds)))]
        y, x = (int(rng.integers(0, ground.shape[0] - 40)),
                int(rng.integers(0, ground.shape[1] - 130)))  # fmt: skip
        cut = _resized(ground[y : y + 32, x : x + 128], (WIDTH_PX, HEIGHT_PX))
        if rng.random() < 0.6:
            letters = "ABCDEFGHKLMNOPRSTUVXYZabcdehiklmnorstuvx0123456789.-"
            word = "".join(letters[i] for i in rng.integers(0, len(letters), rng.integers(3, 12)))
            cv2.putText(cut, word, (int(rng.integers(0, 30)), int(rng.integers(26, 44))),
                        int(rng.integers(0, 5)), float(rng.uniform(0.5, 1.4)),
                        float(rng.integers(256)), int(rng.integers(1, 4)), cv2.LINE_AA)  # fmt: skip
        ids = [self._ids[UNREADABLE]] * 8
        return _coarsened(cut, rng, 0.3), ids, _hints(ids, None)


def _cut(plate: SourcePlate, rng: np.random.Generator, turn_degrees: float, real: bool,
         ) -> tuple[Picture, np.ndarray]:  # fmt: skip
    """The jittered, grown box as (48, 192), and the 3x3 matrix source -> target."""
    x, y, w, h = plate.box
    gx, gy = GROWN_X * np.exp(rng.normal(0, 0.05)), GROWN_Y * np.exp(rng.normal(0, 0.12))
    if not real:  # the locator boxes the hull of a turned plate
        gy *= 1 + abs(np.sin(np.radians(turn_degrees))) * 4 * rng.uniform(0, 1)
    cx = x + w / 2 + rng.normal(0, 0.02) * w
    cy = y + h / 2 + rng.normal(0, 0.06) * h
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [w * gx / 2, h * gy / 2]
    angle = np.radians(turn_degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = half @ turn.T + [cx, cy]
    corners[:, 0] += half[:, 1] * rng.normal(0, 0.15)  # leaning letters
    corners += rng.normal(0, 0.02, (4, 2)) * [w * 0.5, h]
    target = np.array([[0, 0], [WIDTH_PX, 0], [WIDTH_PX, HEIGHT_PX], [0, HEIGHT_PX]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.6 else cv2.BORDER_CONSTANT
    cut = cv2.warpPerspective(
        plate.grey, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=border,
        borderValue=float(rng.integers(0, 256)),
    )  # fmt: skip
    return np.asarray(cut, np.uint8), matrix


def _cells(plate: SourcePlate, matrix: np.ndarray) -> Cells:
    """The characters' places in the cut."""
    assert plate.places is not None
    moved = cv2.perspectiveTransform(plate.places[None], matrix)[0]
    w, h = plate.box[2], plate.box[3]
    # Scales of the cut about the plate's middle, from its own corners.
    x, y = plate.box[0], plate.box[1]
    corners = np.array([[[x, y], [x + w, y], [x + w, y + h], [x, y + h]]])
    seen = cv2.perspectiveTransform(corners, matrix)[0]
    wide = float(np.linalg.norm(seen[1] - seen[0] + seen[2] - seen[3])) / 2
    tall = float(np.linalg.norm(seen[3] - seen[0] + seen[2] - seen[1])) / 2
    tall = min(tall, tall / h * w * _TURNED_HEIGHT)
    widths = np.full(8, _DIGIT_HALF_WIDTH * wide)
    widths[2] = _LETTER_HALF_WIDTH * wide
    return Cells(moved, widths, _HALF_HEIGHT * tall, plate.light_ink)


def _hints(ids: list[int], cells: Cells | None) -> np.ndarray:
    hint = np.full(STEPS, -1, np.int16)
    if cells is None:
        return hint
    columns = cells.centres[:, 0] * STEPS / WIDTH_PX
    for column in (columns[:-1] + columns[1:]) / 2:
        if 0 <= column < STEPS:
            hint[int(column)] = 0
    for identity, column in zip(ids, columns, strict=True):
        if 0 <= column < STEPS:
            hint[int(column)] = identity
    return hint


def _exchanged(plate: SourcePlate, group: list[SourcePlate], rng: np.random.Generator,
               ) -> SourcePlate:  # fmt: skip
    """The plate with one to three characters of another one of the same source."""
    donor = group[int(rng.integers(len(group)))]
    if donor.places is None or plate.places is None:
        return plate
    grey, characters = plate.grey.copy(), list(plate.characters)
    for _ in range(int(rng.integers(1, 4))):
        slot = int(rng.integers(8))
        others = (2,) if slot == 2 else (6, 7) if slot > 5 else (0, 1, 3, 4, 5)
        hard = [n for n in others if donor.characters[n] in _HARD] or list(others)
        other = int(rng.choice(hard if rng.random() < 0.6 else others))
        half = _LETTER_HALF_WIDTH if slot == 2 else _DIGIT_HALF_WIDTH
        there, here = _strip(donor, other, half), _strip(plate, slot, half)
        if min(there[1].start, here[1].start) < 0 or min(there[0].start, here[0].start) < 0:
            continue
        taken, room = donor.grey[there], grey[here]
        if min(*taken.shape, *room.shape) < 5:
            continue
        patch = _resized(taken, (room.shape[1], room.shape[0])).astype(np.float32)
        low, high = np.percentile(patch, (10, 85))
        new_low, new_high = np.percentile(room, (10, 85))
        patch = (patch - low) * min(3.0, (new_high - new_low) / max(high - low, 8)) + new_low
        _blend(grey, np.clip(patch, 0, 255).astype(np.uint8), here[1].start, here[0].start, 2)
        characters[slot] = donor.characters[other]
    return replace(plate, grey=grey, characters=tuple(characters))


def _strip(plate: SourcePlate, slot: int, half_width: float) -> tuple[slice, slice]:
    assert plate.places is not None
    x, y = plate.places[slot]
    w, h = plate.box[2] * half_width, min(plate.box[3], plate.box[2] * 0.3) * 0.42
    return slice(round(y - h), round(y + h)), slice(round(x - w), round(x + w))


def _resized(picture: Picture, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _blend(picture: Picture, patch: Picture, left: int, top: int, feather: int) -> None:
    """Lay a patch on the picture, its edges fading over some pixels."""
    height, width = patch.shape
    rows = np.minimum(np.arange(height), np.arange(height)[::-1])
    columns = np.minimum(np.arange(width), np.arange(width)[::-1])
    weight = np.minimum(rows[:, None], columns[None]).astype(np.float32)
    weight = np.clip((weight + 1) / (feather + 1), 0, 1)
    window = picture[top : top + height, left : left + width]
    seen = slice(window.shape[0]), slice(window.shape[1])
    weight, patch = weight[seen], patch[seen]
    window[:] = (window + (patch.astype(np.float32) - window) * weight).astype(np.uint8)


def _coarsened(cut: Picture, rng: np.random.Generator, least: float) -> Picture:
    """Reduce the resolution to that of a plate of 50 to 150 px width, with the camera's coding."""
    factor = float(np.exp(rng.uniform(np.log(least), np.log(0.9))))
    small = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.3:
        grain = rng.standard_normal(small.shape, np.float32) * rng.uniform(1, 8)
        small = np.clip(small + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.45:
        small = jpeg_coded(np.asarray(small, np.uint8), int(rng.integers(25, 90)), grey=True)
    how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.integers(2))]
    return np.asarray(cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=how), np.uint8)

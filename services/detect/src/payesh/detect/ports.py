"""What the observer exchanges with its adapters: the ports, and the values that cross them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from payesh.contracts.event import Event
from payesh.contracts.values import ObjectReference
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Bytes, Frame

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stream's checkpoint: JSON-ready values and arrays, by a name of its own.

    `version` is raised when the shape of its content changes. A reader that does not know a part's
    name or version does without it; the other parts are read all the same.
    """

    name: str
    version: int
    state: dict[str, Any] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


Parts = Mapping[str, Part]
"""The readable parts of a checkpoint by name."""

UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, OverflowError)
"""What damaged or unknown content of a part raises while it is recalled."""


class Remembers(Protocol):
    """Something whose memory is a part of the checkpoint."""

    part_name: ClassVar[str]
    part_version: ClassVar[int]

    def memory(self) -> Part:
        """Everything that the next call depends on."""

    def recall(self, part: Part) -> None:
        """Continue from a memory of this version, or raise one of UNREADABLE and stay as before."""


class Detector(Remembers, Protocol):
    """Finds vehicles. One instance serves one stream, because it may remember what it saw."""

    def detect(self, frame: Frame) -> Detections: ...


class StillDetector(Protocol):
    """Finds vehicles in single pictures."""

    def detect_bgr(self, bgr: Bytes) -> Detections:
        """Vehicles in an image (h, w, 3) in BGR order, best first."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A detection that belongs to a track; `track` counts from 0 in a stream."""

    track: int
    row: int


class Tracker(Remembers, Protocol):
    """Follows boxes from frame to frame. Deterministic: equal input gives equal tracks."""

    def update(self, detections: Detections, time_s: float) -> list[Tracked]:
        """Which detection belongs to which track, ordered by track. `time_s` grows from call to
        call."""

    def alive(self) -> frozenset[int]:
        """Tracks that may still be found again."""

    def forget(self) -> None:
        """Drop every track, but go on numbering: vehicles after a gap have new numbers."""


class TrackerFactory(Protocol):
    def __call__(self, frame_rate_hz: float, *, minimum_confidence: float) -> Tracker:
        """A tracker without tracks."""


class NothingDecodes(ValueError):
    """Not a single frame can be had from a media part."""


@dataclass(frozen=True, slots=True)
class DecodedPart:
    """A media part of a stream, and the frames that come out while it is decoded.

    Times are presentation times in seconds. `begins_s` is that of the first packet, which the
    segment's `captured_at` belongs to; `length_s` is how long the part's frames are shown;
    `reorder_s` how much later in decoding order than in presentation a frame comes at most.
    `refreshes`: its keyframes are refreshed picture by picture, so that decoding which begins at
    one is whole some frames later; `keyframe_first` is false for such a one.
    """

    begins_s: float
    length_s: float
    reorder_s: float
    keyframe_first: bool
    has_keyframe: bool
    frames: Iterator[Frame]
    """In presentation order. The first ones may belong to the part before, whose last frames a
    decoder holds back until it knows that no other comes before them."""
    refreshes: bool = False


class Decoder(Protocol):
    """Decodes one stream. Its state lives from part to part: a part that begins without a keyframe
    refers to frames of those before it. Deterministic: equal parts give equal frames."""

    def open(self, init: bytes) -> None:
        """Begin a stream: nothing that came before counts any more."""

    def decode(self, media: bytes) -> DecodedPart:
        """The next part, as far as it decodes; all its frames are to be taken before the next one.
        After `open`, what comes before the first keyframe is left out. Raises NothingDecodes, and
        MessageFault for frames that are too large."""

    def drain(self) -> Iterator[Frame]:
        """The frames that were held back. `open` comes next."""


class DecoderFactory(Protocol):
    def __call__(self) -> Decoder:
        """A decoder that is not open yet."""


class ShotKeeper(Protocol):
    async def put(self, bucket: str, key: str, data: bytes, *, media_type: str) -> ObjectReference:
        """Return once the picture is kept. Raises StoreUnavailable."""


class Publisher(Protocol):
    async def publish(self, event: Event) -> None:
        """Return once the bus has the event. Raises BusUnavailable."""

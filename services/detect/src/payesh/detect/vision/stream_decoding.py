"""One stream's decoder and what puts it back: the segments since the last keyframe."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import ClassVar

from payesh.contracts.ingest import SegmentStored
from payesh.contracts.values import ObjectReference
from payesh.detect.frames import Frame
from payesh.detect.ports import DecodedPart, Decoder, DecoderFactory, NothingDecodes, Part
from payesh.kit.errors import MessageFault

MOST_SEGMENTS = 40
"""Decoded again by a process that takes over: ten minutes of the longest segments. A stream that
has had no keyframe for longer is not put back, and waits for the next one."""


class StreamDecoding:
    """Decodes segment after segment. A recalled one has `behind` to decode again first."""

    part_name: ClassVar[str] = "decoder"
    part_version: ClassVar[int] = 1

    def __init__(self, new_decoder: DecoderFactory) -> None:
        self._new_decoder = new_decoder
        self._decoder: Decoder | None = None
        self._init: ObjectReference | None = None
        self._since_keyframe: tuple[ObjectReference, ...] = ()
        self._refreshed_at = 0
        """Which of those began the latest refresh, where the stream is refreshed gradually."""
        self._rotation_deg = 0
        self._shown_to_s = -math.inf
        self._late: tuple[Frame, ...] = ()
        """Not shown yet, but given already by the decoder that is put back."""
        self._returning: Decoder | None = None
        """The decoder that is being put back, and how many segments it has had."""
        self._repeated = 0

    @property
    def behind(self) -> tuple[tuple[ObjectReference, ObjectReference], ...]:
        """Init and media part of each segment that is to be given to `catch_up`, in order."""
        if self._decoder is not None or self._init is None:
            return ()
        return tuple((self._init, media) for media in self._since_keyframe[self._repeated :])

    def catch_up(self, init: bytes, media: bytes) -> None:
        """Decode again the first segment that is `behind`, without showing it. Raises MessageFault
        when it does not decode."""
        if self._returning is None:
            self._returning = self._new_decoder()
            self._returning.open(init)
        try:
            frames = self._returning.decode(media).frames
        except NothingDecodes as error:
            raise MessageFault(str(error), retry=False) from error
        self._late += tuple(f for f in frames if f.time_s > self._shown_to_s)
        self._repeated += 1
        if self._repeated == len(self._since_keyframe):
            self._decoder, self._returning, self._repeated = self._returning, None, 0

    def give_up(self) -> None:
        """What `behind` names is gone: the stream waits for its next keyframe."""
        self._decoder = self._returning = None
        self._since_keyframe, self._late, self._repeated = (), (), 0
        self._refreshed_at = 0

    def decode(
        self, event: SegmentStored, init: bytes, media: bytes, *, continues: bool
    ) -> DecodedPart:
        """The next segment; `continues` when none is missing before it. Its frames begin with those
        that were held back of the segment before. Raises MessageFault when not a single frame
        decodes; nothing is lost then that a later segment could need."""
        decoder = self._decoder
        try:
            # By its bytes: a file that is recorded again after a fault stores it once more, under
            # another version.
            same = self._init is not None and self._init.sha256 == event.init.sha256
            if decoder is not None and continues and same:
                part = decoder.decode(media)
                if part.begins_s > self._shown_to_s:
                    return self._begun(decoder, event, part)
                # Times go back, which a recorder does not write: no frame before counts any more.
                self._decoder = None
            anew = self._new_decoder()
            anew.open(init)
            part = anew.decode(media)
        except NothingDecodes as error:
            text = f"no frame decodes in segment {event.sequence}"
            raise MessageFault(text, retry=False) from error
        late = tuple(self.drain())
        self._returning, self._repeated = None, 0
        self._shown_to_s, self._since_keyframe, self._refreshed_at = -math.inf, (), 0
        begun = self._begun(anew, event, part)
        return replace(begun, frames=chain(late, begun.frames))

    def drain(self) -> Iterator[Frame]:
        """The frames that the decoder holds back, when no segment follows that continues."""
        decoder, self._decoder = self._decoder, None
        yield from self._shown(iter(()) if decoder is None else decoder.drain())

    def _begun(self, decoder: Decoder, event: SegmentStored, part: DecodedPart) -> DecodedPart:
        self._decoder, self._init = decoder, event.init
        self._rotation_deg = event.video.rotation_deg
        if part.refreshes:
            # Whole only when it ends: decoding begins at the one before.
            since = (*self._since_keyframe[self._refreshed_at :], event.media)[-MOST_SEGMENTS:]
            self._since_keyframe, self._refreshed_at = since, len(since) - 1
        elif part.has_keyframe:
            self._since_keyframe, self._refreshed_at = (event.media,), 0
        elif 0 < len(self._since_keyframe) < MOST_SEGMENTS:
            self._since_keyframe += (event.media,)
        else:
            self._since_keyframe, self._refreshed_at = (), 0
        return replace(part, frames=self._shown(part.frames))

    def _shown(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        late, self._late = self._late, ()
        for frame in chain(late, frames):
            self._shown_to_s = max(self._shown_to_s, frame.time_s)
            yield frame.turned(self._rotation_deg)

    def memory(self) -> Part:
        state = {
            "init": self._init and self._init.model_dump(mode="json"),
            "since_keyframe": [media.model_dump(mode="json") for media in self._since_keyframe],
            "refreshed_at": self._refreshed_at,
            "rotation_deg": self._rotation_deg,
            "shown_to_s": self._shown_to_s,
        }
        return Part(self.part_name, self.part_version, state)

    def recall(self, part: Part) -> None:
        state = part.state
        init = state["init"] and ObjectReference.model_validate_json(json.dumps(state["init"]))
        since = tuple(
            ObjectReference.model_validate_json(json.dumps(media))
            for media in state["since_keyframe"]
        )
        refreshed_at = int(state.get("refreshed_at", 0))  # not in earlier checkpoints
        rotation_deg, shown_to_s = int(state["rotation_deg"]), float(state["shown_to_s"])
        self._init, self._since_keyframe = init, since
        self._refreshed_at = refreshed_at
        self._rotation_deg, self._shown_to_s = rotation_deg, shown_to_s

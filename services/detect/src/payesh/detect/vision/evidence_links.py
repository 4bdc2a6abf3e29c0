"""The segments that an observation can be proved with: recent links of the stream's hash chain."""

import json
import math
from typing import ClassVar, NamedTuple

from payesh.contracts.ingest import SegmentStored
from payesh.contracts.values import SegmentLink
from payesh.detect.ports import DecodedPart, Part

MOST_LINKS = 512
"""Of one violation (the contract's bound), and kept here. Of a longer window the latest remain."""


class _Kept(NamedTuple):
    """A link with the presentation time of its first frame, and where its segment has a keyframe:
    at its beginning, or anywhere."""

    start_s: float
    link: SegmentLink
    keyframe_first: bool
    has_keyframe: bool


class EvidenceLinks:
    """Links from the oldest segment on that shows a followed vehicle, and before it those without
    which it cannot be decoded."""

    part_name: ClassVar[str] = "links"
    part_version: ClassVar[int] = 2

    def __init__(self) -> None:
        self._links: list[_Kept] = []

    def add(self, segment: SegmentStored, part: DecodedPart) -> None:
        """The next segment."""
        link = SegmentLink(
            stream_id=segment.stream_id,
            sequence=segment.sequence,
            fencing_token=segment.fencing_token,
            captured_at=segment.captured_at,
            duration_ms=segment.duration_ms,
            init=segment.init,
            media=segment.media,
            previous_link_sha256=segment.previous_link_sha256,
            link_sha256=segment.link_sha256,
        )
        self._links.append(_Kept(part.begins_s, link, part.keyframe_first, part.has_keyframe))

    def between(self, from_s: float, to_s: float) -> tuple[SegmentLink, ...]:
        """Links of the segments that show the stream from one moment to another, and before them
        those without which they cannot be decoded."""
        begun = [kept for kept in self._links if kept.start_s <= to_s]
        return tuple(kept.link for kept in begun[_first(begun, from_s) :])[-MOST_LINKS:]

    def keep_since(self, time_s: float | None) -> None:
        """Drop what is not needed to show the stream from then on; when `time_s` is None, from the
        next segment on."""
        first = _first(self._links, math.inf if time_s is None else time_s)
        self._links = self._links[first:][-MOST_LINKS:]

    def drop(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._links = []

    def memory(self) -> Part:
        links = [
            [kept.start_s, kept.link.model_dump(mode="json"), *kept[2:]] for kept in self._links
        ]
        return Part(self.part_name, self.part_version, {"links": links})

    def recall(self, part: Part) -> None:
        self._links = [
            _Kept(
                float(start_s),
                SegmentLink.model_validate_json(json.dumps(link)),
                bool(keyframe_first),
                bool(has_keyframe),
            )
            for start_s, link, keyframe_first, has_keyframe in part.state["links"]
        ]


def _first(links: list[_Kept], time_s: float) -> int:
    """Where decoding begins for what is shown at a moment; the first link if no keyframe is
    known."""
    begun = [index for index, kept in enumerate(links) if kept.start_s <= time_s]
    if not begun or links[begun[-1]].keyframe_first:
        return begun[-1] if begun else 0
    return max((index for index in begun[:-1] if links[index].has_keyframe), default=0)

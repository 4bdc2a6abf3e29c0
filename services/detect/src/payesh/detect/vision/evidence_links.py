"""The segments that an observation can be proved with: recent links of the stream's hash chain."""

import json
from typing import ClassVar

from payesh.contracts.ingest import SegmentStored
from payesh.contracts.values import SegmentLink
from payesh.detect.ports import Part

MOST_LINKS = 512
"""Of one violation (the contract's bound), and kept here. Of a longer window the latest remain."""


class EvidenceLinks:
    """Links from the oldest segment on that shows a followed vehicle."""

    part_name: ClassVar[str] = "links"
    part_version: ClassVar[int] = 1

    def __init__(self) -> None:
        self._links: list[tuple[float, SegmentLink]] = []
        """Each with the presentation time of its first frame."""

    def add(self, segment: SegmentStored, presented_s: float) -> None:
        """The next segment, whose first frame is presented then."""
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
        self._links.append((presented_s, link))

    def between(self, from_s: float, to_s: float) -> tuple[SegmentLink, ...]:
        """Links of the segments that show the stream from one moment to another."""
        begun = [(start_s, link) for start_s, link in self._links if start_s <= to_s]
        first = max((start_s for start_s, _ in begun if start_s <= from_s), default=from_s)
        return tuple(link for start_s, link in begun if start_s >= first)[-MOST_LINKS:]

    def keep_since(self, time_s: float | None) -> None:
        """Drop what ended before; everything when `time_s` is None."""
        if time_s is None:
            self._links = []
            return
        first = max((start_s for start_s, _ in self._links if start_s <= time_s), default=time_s)
        self._links = [each for each in self._links if each[0] >= first][-MOST_LINKS:]

    def memory(self) -> Part:
        links = [[start_s, link.model_dump(mode="json")] for start_s, link in self._links]
        return Part(self.part_name, self.part_version, {"links": links})

    def recall(self, part: Part) -> None:
        self._links = [
            (float(start_s), SegmentLink.model_validate_json(json.dumps(link)))
            for start_s, link in part.state["links"]
        ]

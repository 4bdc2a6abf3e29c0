"""One stream while it is written: a muxer, and the chain that its init part begins."""

import hashlib
import time
from fractions import Fraction
from uuid import uuid4

from payesh.ingest.adapters.coded_video import CodedVideo
from payesh.ingest.adapters.remuxer import Remuxer
from payesh.ingest.adapters.spool_records import Assignment, RecordedVideo
from payesh.ingest.handlers.segments import StreamChain


class LiveStream:
    """A stream of a live source. Segments are recorded under `assignment`, which may be replaced
    between two of them."""

    def __init__(
        self, video: CodedVideo, time_base: Fraction, assignment: Assignment, shortest_s: float
    ) -> None:
        self.stream_id = uuid4()
        self.assignment = assignment
        self.chain: StreamChain | None = None
        self._remuxer = Remuxer(video.template, shortest_s=shortest_s, time_base=time_base)
        self._video = video
        self._begun_s = time.monotonic()
        self.add = self._remuxer.add  # called for each packet
        self.finish = self._remuxer.finish

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._begun_s

    @property
    def init(self) -> bytes:
        """The init part. It is there before the first fragment."""
        init = self._remuxer.init
        assert init is not None  # noqa: S101 - the caller has a fragment
        return init

    def begin_chain(self, previous_link_sha256: str | None) -> StreamChain:
        """Begin the chain; its first link names the camera's last known one."""
        self.chain = StreamChain(
            self.stream_id,
            RecordedVideo(
                codec=self._video.codec,
                width_px=self._video.width_px,
                height_px=self._video.height_px,
            ),
            hashlib.sha256(self.init).hexdigest(),
            previous_link_sha256,
        )
        return self.chain

"""Which streams of one camera are known: so that the higher fencing token counts, and a
stream that another one followed does not keep its vehicles for ever."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

FOLLOWED_AFTER = timedelta(seconds=20)
"""A former holder drains its spool: its vehicles wait this long, in the source's time."""
_FORGET_AFTER = timedelta(hours=6)


@dataclass(slots=True)
class KnownStream:
    """`closed` once nobody of it is followed any more."""

    stream_id: str
    fencing_token: int
    first_captured_at: str
    last_captured_at: str
    closed: bool = False


@dataclass(slots=True)
class CameraWatch:
    """One camera's streams of the last hours."""

    streams: dict[str, KnownStream] = field(default_factory=dict)

    def note(
        self, stream_id: UUID, fencing_token: int, captured_at: datetime, *, ended: bool
    ) -> None:
        """A segment of the stream came."""
        moment = captured_at.isoformat()
        known = self.streams.setdefault(
            str(stream_id), KnownStream(str(stream_id), fencing_token, moment, moment)
        )
        known.last_captured_at = moment
        known.closed = ended
        horizon = captured_at - _FORGET_AFTER
        self.streams = {
            key: stream
            for key, stream in self.streams.items()
            if not stream.closed or datetime.fromisoformat(stream.last_captured_at) >= horizon
        }

    def superseded_from(self, fencing_token: int) -> datetime | None:
        """From when on a holder with a higher token recorded; None when nobody did."""
        starts = [
            datetime.fromisoformat(stream.first_captured_at)
            for stream in self.streams.values()
            if stream.fencing_token > fencing_token
        ]
        return min(starts, default=None)

    def followed(self, stream_id: UUID, captured_at: datetime) -> list[UUID]:
        """Other streams that ended without saying so, long enough before `captured_at`."""
        return [
            UUID(stream.stream_id)
            for stream in self.streams.values()
            if stream.stream_id != str(stream_id)
            and not stream.closed
            and captured_at - datetime.fromisoformat(stream.last_captured_at) > FOLLOWED_AFTER
        ]

    def close(self, stream_id: UUID) -> None:
        if str(stream_id) in self.streams:
            self.streams[str(stream_id)].closed = True

    def to_json(self) -> bytes:
        return json.dumps(
            {"version": 1, "streams": [asdict(s) for s in self.streams.values()]}
        ).encode()

    @classmethod
    def from_json(cls, body: bytes) -> "CameraWatch":
        streams = [KnownStream(**stream) for stream in json.loads(body)["streams"]]
        return cls({stream.stream_id: stream for stream in streams})

"""Which streams of one camera are known, so that the higher fencing token counts, and a stream that
another one followed does not keep its vehicles for ever."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

FOLLOWED_AFTER = timedelta(seconds=20)
"""A former holder drains its spool: its vehicles wait this long, in the source's time."""
UPLOADED = 0
"""The fencing token of a recording that was uploaded: every live one counts before it."""
_FORGET_AFTER = timedelta(hours=6)


@dataclass(slots=True)
class KnownStream:
    """`closed` once none of its vehicles is followed any more."""

    stream_id: str
    fencing_token: int
    first_captured_at: str
    last_captured_at: str
    closed: bool = False


@dataclass(slots=True)
class CameraWatch:
    """One camera's streams of the last hours."""

    streams: dict[str, KnownStream] = field(default_factory=dict)

    def note(self, stream_id: UUID, fencing_token: int, start: datetime, end: datetime) -> None:
        """A segment of the stream came; it lasts from `start` to `end`."""
        known = self.streams.setdefault(
            str(stream_id),
            KnownStream(str(stream_id), fencing_token, start.isoformat(), end.isoformat()),
        )
        known.last_captured_at = end.isoformat()
        known.closed = False
        horizon = start - _FORGET_AFTER
        self.streams = {
            key: stream
            for key, stream in self.streams.items()
            if not stream.closed or datetime.fromisoformat(stream.last_captured_at) >= horizon
        }

    def is_superseded(self, fencing_token: int, moment: datetime) -> bool:
        """Whether a holder with a higher token recorded at `moment`, or still records since."""
        return any(
            stream.fencing_token > fencing_token
            and datetime.fromisoformat(stream.first_captured_at) <= moment
            and (not stream.closed or moment < datetime.fromisoformat(stream.last_captured_at))
            for stream in self.streams.values()
        )

    def followed(self, stream_id: UUID, fencing_token: int, captured_at: datetime) -> list[UUID]:
        """Other live streams that stopped without a last segment, long enough before `captured_at`.

        An uploaded file neither ends a live stream nor is ended by one: its last segment ends it.
        """
        if fencing_token == UPLOADED:
            return []
        return [
            UUID(stream.stream_id)
            for stream in self.streams.values()
            if stream.stream_id != str(stream_id)
            and stream.fencing_token != UPLOADED
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
        """Raises ValueError when that is not what `to_json` wrote."""
        try:
            streams = [KnownStream(**stream) for stream in json.loads(body)["streams"]]
            for stream in streams:
                for moment in (stream.first_captured_at, stream.last_captured_at):
                    datetime.fromisoformat(moment)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no camera's streams: {error!r}") from error
        return cls({stream.stream_id: stream for stream in streams})

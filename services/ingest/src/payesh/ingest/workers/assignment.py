"""What a recorder needs to know of its camera, kept on disk so that it outlives the database."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from payesh.contracts.values import RevisionReference


@dataclass(frozen=True, slots=True)
class Place:
    """What every event about a camera carries."""

    county: str
    road_class: str
    place_class: str

    def fields(self) -> dict[str, str]:
        return {
            "county": self.county,
            "road_class": self.road_class,
            "place_class": self.place_class,
        }


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source as stored: the password is sealed with the service's key."""

    url: str
    username: str | None
    sealed_password: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """One camera held under one lease. `known_until` ends the time accounted for so far; `raised`
    are the conditions last told of it."""

    camera_id: str
    token: int
    source: SourceRecord
    place: Place
    revision: RevisionReference
    known_until: datetime
    last_link_sha256: str | None
    last_stream_id: UUID | None
    last_sequence: int | None
    raised: frozenset[str] = frozenset()

    def to_document(self) -> dict[str, Any]:
        return {
            "camera_id": self.camera_id,
            "token": self.token,
            "source": [self.source.url, self.source.username, self.source.sealed_password],
            "place": [self.place.county, self.place.road_class, self.place.place_class],
            "revision": self.revision.model_dump(mode="json"),
            "known_until": self.known_until.isoformat(),
            "last_link_sha256": self.last_link_sha256,
            "last_stream_id": str(self.last_stream_id) if self.last_stream_id else None,
            "last_sequence": self.last_sequence,
            "raised": sorted(self.raised),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Assignment":
        stream = document["last_stream_id"]
        return cls(
            camera_id=document["camera_id"],
            token=document["token"],
            source=SourceRecord(*document["source"]),
            place=Place(*document["place"]),
            revision=RevisionReference.model_validate(document["revision"]),
            known_until=datetime.fromisoformat(document["known_until"]),
            last_link_sha256=document["last_link_sha256"],
            last_stream_id=UUID(stream) if stream else None,
            last_sequence=document["last_sequence"],
            raised=frozenset(document["raised"]),
        )

    def after(self, body: dict[str, Any], kind: str) -> "Assignment":
        """Moved past an item that still waits in the spool."""
        if kind == "health":
            told = {body["condition"]}
            return replace(
                self, raised=self.raised | told if body["raised"] else self.raised - told
            )
        until = datetime.fromisoformat(body["ended_at"])
        if kind == "gap":
            return replace(self, known_until=max(self.known_until, until))
        return replace(
            self,
            known_until=max(self.known_until, until),
            last_link_sha256=body["link_sha256"],
            last_stream_id=UUID(body["stream_id"]),
            last_sequence=body["sequence"],
        )

"""The junction's camera as the services see it: an RTSP source that arms every rule."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from payesh.contracts.values import format_utc
from payesh.detect.evaluation.rule_films import RuleFilm, films_in
from payesh.local.rules_truth import RULES_NAME

_CERTIFICATE_LIFE = timedelta(days=365)
_GIVEN_BY_INGEST = ("camera_id", "revision", "created_at")


@dataclass(frozen=True)
class Junction:
    """A rendered film of the junction with its truth; `plates` has the text by vehicle id."""

    film: RuleFilm
    plates: dict[str, str]
    duration_s: float

    @classmethod
    def load(cls, folder: Path, duration_s: float) -> "Junction":
        """Read what was rendered into a folder. Raises UnsuitableFilm, OSError."""
        [film] = films_in(folder)
        truth = json.loads((folder / RULES_NAME).read_text("utf-8"))
        plates = {each["vehicle_id"]: each["plate"] for each in truth["vehicles"]}
        return cls(film, plates, duration_s)

    def shown_at(self, started_at: datetime) -> RuleFilm:
        """The truth of the film whose first frame is shown at a moment."""
        return replace(self.film, first_frame_at=started_at)


def junction_revision(film: RuleFilm, now: datetime) -> dict[str, Any]:
    """The body of the revision of a film's camera, as it is registered for a live source."""
    document = film.revision.model_dump(mode="json")
    revision = {name: value for name, value in document.items() if name not in _GIVEN_BY_INGEST}
    certificate = {
        **document["certificate"],
        "valid_from": format_utc(now - timedelta(days=1)),
        "valid_to": format_utc(now + _CERTIFICATE_LIFE),
    }
    return {**revision, "source_kind": "rtsp", "certificate": certificate}

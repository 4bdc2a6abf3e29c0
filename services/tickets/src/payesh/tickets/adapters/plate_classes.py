"""Which plates cannot be on which vehicles: a file that a deployer edits, or the shipped one."""

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from payesh.contracts.plate_text import LETTERS
from payesh.contracts.vocabulary import VehicleClass
from payesh.tickets.domain.holds import PlateClasses
from payesh.tickets.errors import PlateClassesInvalid

_Classes = Annotated[tuple[VehicleClass, ...], Field(max_length=len(VehicleClass))]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    about: Annotated[str, Field(max_length=1000)] = ""
    all: _Classes
    letters: dict[str, _Classes]

    @field_validator("letters")
    @classmethod
    def _known(cls, letters: dict[str, _Classes]) -> dict[str, _Classes]:
        if unknown := letters.keys() - set(LETTERS):
            raise ValueError(f"no plate has these letters: {', '.join(sorted(unknown))}")
        return letters


def read_plate_classes(path: Path | None) -> PlateClasses:
    """The file at `path`, the shipped one for None. Raises PlateClassesInvalid."""
    try:
        if path is None:
            shipped = resources.files("payesh.tickets") / "law" / "plate-classes.json"
            text = shipped.read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        found = _File.model_validate(json.loads(text))
    except (OSError, ValueError, ValidationError) as error:
        raise PlateClassesInvalid(f"{path or 'the shipped file'}: {error}") from error
    return PlateClasses(
        frozenset(found.all), {letter: frozenset(of) for letter, of in found.letters.items()}
    )

"""What the readers are trained on, from the file that `pack_sources.py` writes."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from picture_files import Picture

from payesh.contracts.plate_text import split_characters


@dataclass
class SourcePlate:
    """A grey picture with a plate: its box (x, y, w, h), its eight characters, and their centres
    (8, 2) in pixels, None where unknown. `light_ink`: characters lighter than the plate."""

    grey: Picture
    box: tuple[float, float, float, float]
    characters: tuple[str, ...]
    places: np.ndarray | None
    light_ink: bool = False


@dataclass
class Sources:
    """Real plates by source, glyphs of rare letters, road pictures."""

    plates: dict[str, list[SourcePlate]] = field(default_factory=dict)
    glyphs: list[tuple[str, Picture]] = field(default_factory=list)
    grounds: list[Picture] = field(default_factory=list)


def load_sources(path: Path) -> Sources:
    """All of a packed file, in memory."""
    sources = Sources()
    with zipfile.ZipFile(path) as packed:
        for row in json.loads(packed.read("rows.json")):
            coded = np.frombuffer(packed.read(row["name"]), np.uint8)
            grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
            if row["kind"] == "glyph":
                sources.glyphs.append((row["letter"], grey))
            elif row["kind"] == "ground":
                sources.grounds.append(grey)
            else:
                characters = split_characters(row["text"])
                if len(characters) == 8:
                    places = None if row["places"] is None else np.array(row["places"])
                    sources.plates.setdefault(row["kind"], []).append(
                        SourcePlate(grey, tuple(row["box"]), characters, places)
                    )
    return sources

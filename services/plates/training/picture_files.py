"""Pictures read from files, and coded as a camera codes them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def read_colour(path: Path) -> Picture:
    """A picture (height, width, 3) in BGR order. Raises ValueError for what is none."""
    return _checked(cv2.imread(str(path), cv2.IMREAD_COLOR), path)


def read_grey(path: Path) -> Picture:
    """A picture (height, width). Raises ValueError for what is none."""
    return _checked(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), path)


def read_unchanged(path: Path) -> Picture:
    """A picture with the channels it has. Raises ValueError for what is none."""
    return _checked(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), path)


def jpeg_coded(picture: Picture, quality: int, *, grey: bool) -> Picture:
    """The picture after a JPEG coder of this quality (0 to 100)."""
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    flags = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
    return _checked(cv2.imdecode(coded, flags), "a coded picture")


def _checked(picture: Any, name: object) -> Picture:
    if picture is None:
        raise ValueError(f"{name} is no picture")
    return np.asarray(picture, np.uint8)

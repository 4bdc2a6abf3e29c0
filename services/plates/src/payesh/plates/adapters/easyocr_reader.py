"""The second reader: this project's network, run by EasyOCR.

The extra `payesh-plates[easyocr]` installs what it needs. Nothing is fetched: EasyOCR is given the
packaged weights, no detector, and leave to download nothing.
"""

import hashlib
import warnings
from importlib.metadata import version
from pathlib import Path

import easyocr
import numpy as np
import torch
from numpy.typing import NDArray

from payesh.contracts.plate_text import ALEF
from payesh.plates.adapters.onnx_reader import cut_plate
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.second_reading import SecondReading

NETWORK = "plates_second"
SHA256 = "c02c994550d960632e4c13644d5846ae2a13f64885c94de19a467e6508839ebd"
"""Of the packaged weights."""
_FOLDER = Path(__file__).parents[1] / "models" / "second_reader"
_LONE_ALEF = "ا"
"""EasyOCR knows single characters alone: its network has this one for الف."""

# EasyOCR asks for pinned memory, which is of use to GPUs alone.
warnings.filterwarnings("ignore", message=".*'pin_memory' argument is set as true.*")


class EasyOcrReader:
    """Reads plates with EasyOCR's recognition alone, on `threads` CPU threads of the process.

    Raises FileNotFoundError, and ValueError for weights that are not the packaged ones: EasyOCR
    unpickles them, which may run anything.
    """

    def __init__(self, folder: Path = _FOLDER, *, threads: int = 1) -> None:
        self.sha256 = hashlib.sha256((folder / f"{NETWORK}.pth").read_bytes()).hexdigest()
        if self.sha256 != SHA256:
            raise ValueError(f"{NETWORK}.pth has SHA-256 {self.sha256}, not {SHA256}")
        self.name = f"easyocr {version('easyocr')}"
        torch.set_num_threads(threads)
        self._reader = easyocr.Reader(
            ["en"],  # what EasyOCR asks for; the network has characters of its own
            gpu=False,
            recog_network=NETWORK,
            detector=False,
            download_enabled=False,
            model_storage_directory=str(folder),
            user_network_directory=str(folder),
            verbose=False,
            quantize=False,  # of no effect on time here, and not the same on every processor
        )

    def read_again(self, image_bgr: NDArray[np.uint8], plate: LocatedPlate) -> SecondReading:
        """The plate inside its box of a picture (H, W, 3), BGR."""
        found = self._reader.recognize(cut_plate(image_bgr, plate), reformat=False)
        if not found:
            return SecondReading("", 0.0)
        _, text, confidence = found[0]
        return SecondReading(text.replace(_LONE_ALEF, ALEF), min(1.0, max(0.0, float(confidence))))

"""The second reader is EasyOCR with the packaged network, and fetches nothing."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from payesh.contracts.plate_text import ALEF
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import UNREADABLE
from tests.integration.plates.vehicle_picture import car
from tests.support.easyocr_present import with_easyocr

if TYPE_CHECKING:
    from payesh.plates.adapters.easyocr_reader import EasyOcrReader

pytestmark = [pytest.mark.slow, with_easyocr]

_WITHOUT_NETWORK = """
import sys

def refused(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise PermissionError(f"reaches for the network: {event} {arguments}")

sys.addaudithook(refused)
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except PermissionError:
    pass
else:
    sys.exit("the network is not cut")

import cv2
from payesh.plates.adapters.easyocr_reader import EasyOcrReader
from payesh.plates.domain.located_plate import LocatedPlate

picture = cv2.imread(sys.argv[1])
print(EasyOcrReader().read_again(picture, LocatedPlate(200.0, 220.0, 100.0, 21.0, 1.0)).text)
"""


@pytest.fixture(scope="module")
def reader() -> "EasyOcrReader":
    from payesh.plates.adapters.easyocr_reader import EasyOcrReader

    return EasyOcrReader()


@pytest.mark.parametrize("text", ["12ب34567", "63ج28914", "45ص67823", f"24{ALEF}57913"])
def test_drawn_plates_are_read(reader: "EasyOcrReader", text: str) -> None:
    picture = car(text)
    (plate,) = OnnxPlateLocator().locate(picture)
    read = reader.read_again(picture, plate)
    assert read.text == text
    assert 0.5 < read.confidence <= 1.0


def test_without_a_plate_no_plate_is_read(reader: "EasyOcrReader") -> None:
    grey = np.full((60, 200, 3), 128, np.uint8)
    read = reader.read_again(grey, LocatedPlate(20.0, 10.0, 160.0, 34.0, 1.0))
    assert set(read.text) <= {UNREADABLE}
    assert 0.0 <= read.confidence <= 1.0


def test_weights_that_are_not_the_packaged_ones_are_not_unpickled(
    reader: "EasyOcrReader", tmp_path: Path
) -> None:
    from payesh.plates.adapters import easyocr_reader

    folder = tmp_path / "second_reader"
    shutil.copytree(Path(easyocr_reader.__file__).parents[1] / "models" / "second_reader", folder)
    with (folder / f"{easyocr_reader.NETWORK}.pth").open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(ValueError, match="SHA-256"):
        easyocr_reader.EasyOcrReader(folder)


def test_it_reads_with_the_network_cut_and_leaves_nothing_behind(tmp_path: Path) -> None:
    picture, home = tmp_path / "car.png", tmp_path / "home"
    home.mkdir()
    cv2.imwrite(str(picture), car("12ب34567"))
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_NETWORK, str(picture)],
        env={
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "PYTHONIOENCODING": "utf-8",
            "ORT_DISABLE_TELEMETRY": "1",  # as in the image
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["12ب34567"]
    assert list(home.iterdir()) == [], "no weights, no cache"

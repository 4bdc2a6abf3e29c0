"""Pictures to learn from, in one flat memory map: `vehicles/train` with labels, and unlabelled
frames, clips, road stills and footbridge photographs that the teacher alone labels.

python pictures.py --data DATA --work WORK
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

LONGEST_SIDE = 960
FRAMES_A_CLIP = 12
ROAD_PHOTOS = 240
# Cameras of the training folder that no training run sees, for measuring beside `vehicles/dev`.
HELD_OUT = ("man_04_", "man_06_", "man_10_")


@dataclass(frozen=True, slots=True)
class Picture:
    """One cached picture; `source` groups the pictures of one camera or clip."""

    name: str
    source: str
    group: str
    offset: int
    height: int
    width: int
    label: str


def read_picture(file: Path) -> np.ndarray:
    """(height, width, 3) BGR. Raises ValueError."""
    image = cv2.imread(str(file))
    if image is None:
        raise ValueError(f"{file} cannot be decoded")
    return image


def _fitted(image: np.ndarray) -> np.ndarray:
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _labelled(data: Path) -> Iterator[tuple[str, str, str, str, np.ndarray]]:
    for file in sorted((data / "vehicles" / "train" / "images").iterdir()):
        group = file.name.split("_")[0]
        source = "_".join(file.name.split("_")[:2]) if group in ("man", "top", "atl") else group
        label = file.parent.parent / "labels" / f"{file.stem}.txt"
        yield file.name, source, group, str(label.relative_to(data)), read_picture(file)


def _unlabelled(data: Path) -> Iterator[tuple[str, str, str, str, np.ndarray]]:
    for file in sorted((data / "frames_unlabelled").rglob("*.jpg")):
        source = file.name.split("_")[0].rstrip("0123456789") or file.name
        yield f"frame_{file.name}", f"frame_{source}", "frame", "", read_picture(file)
    for file in sorted((data / "speed").glob("*.jpg")):
        yield f"speed_{file.name}", "speed", "frame", "", read_picture(file)
    rows = (data / "plates" / "photos_train.jsonl").read_text().splitlines()
    photos = [r for r in map(json.loads, rows) if r["scene"] == "road_camera"]
    for row in photos[:: max(1, len(photos) // ROAD_PHOTOS)]:
        file = data / "plates" / row["file"]
        if not file.is_file():
            file = data / "plates" / "photos" / row["file"]
        yield f"photo_{file.name}", "photo", "photo", "", read_picture(file)
    for file in sorted((data / "video").iterdir()):
        clip = cv2.VideoCapture(str(file))
        total = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
        count = min(FRAMES_A_CLIP, max(3, total // 40))
        wanted = set(np.linspace(0, max(0, total - 2), count).astype(int).tolist())
        for index in range(total):
            if not clip.grab():
                break
            if index in wanted:
                shown, image = clip.retrieve()
                if shown:
                    name = f"clip_{file.stem}_{index:05d}"
                    yield name, f"clip_{file.stem}", "clip", "", image


def build(data: Path, work: Path) -> None:
    """Write `pictures.bin`, `pictures.json` and the hash of every picture."""
    work.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    digest = hashlib.sha256()
    with (work / "pictures.tmp").open("wb") as out:
        for make in (_labelled, _unlabelled):
            for name, source, group, label, image in make(data):
                shown = np.ascontiguousarray(_fitted(image))
                if label:
                    digest.update((data / label).read_bytes())
                content = hashlib.sha256(shown.data).hexdigest()
                digest.update(content.encode())
                rows.append(
                    {"name": name, "source": source, "group": group, "label": label,
                     "offset": out.tell(), "height": shown.shape[0], "width": shown.shape[1],
                     "sha256": content}
                )  # fmt: skip
                out.write(shown.tobytes())
    (work / "pictures.tmp").rename(work / "pictures.bin")
    table = {"sha256": digest.hexdigest(), "pictures": rows}
    (work / "pictures.json").write_text(json.dumps(table, indent=0))
    print(f"{len(rows)} pictures, manifest {digest.hexdigest()}")


def load(work: Path) -> tuple[list[Picture], np.memmap, str]:
    """Pictures, their bytes and the hash of the whole."""
    table = json.loads((work / "pictures.json").read_text())
    keys = Picture.__slots__
    pictures = [Picture(**{k: row[k] for k in keys}) for row in table["pictures"]]
    return pictures, np.memmap(work / "pictures.bin", np.uint8, "r"), table["sha256"]


def pixels(picture: Picture, memory: np.memmap) -> np.ndarray:
    """(height, width, 3) BGR, not copied."""
    end = picture.offset + picture.height * picture.width * 3
    return memory[picture.offset : end].reshape(picture.height, picture.width, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    build(options.data, options.work)


if __name__ == "__main__":
    main()

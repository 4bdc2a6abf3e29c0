"""Pictures to learn from, packed as WebP: `vehicles/train` with labels, and unlabelled frames,
clips, road stills and footbridge photographs that the teacher alone labels. A run unpacks them into
one flat memory map.

python pictures.py --data DATA --work WORK

`pictures.json` is the manifest, with the labels; `pictures.0.pack` is a half of the pictures by
chance, `pictures.1.pack` the rest. A run takes the packs that are there, so that a machine reached
over a narrow line can begin with the first.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

LONGEST_SIDE = 864
FRAMES_A_CLIP = 12
ROAD_PHOTOS = 120
QUALITY = 58
# The share of the pictures in the first pack, in 256ths.
_FIRST = 128
# Cameras of the training folder that no training run sees, for measuring beside `vehicles/dev`.
HELD_OUT = ("man_04_", "man_06_", "man_10_")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; `source` groups the pictures of one camera or clip, `labels` is the text of its
    label file, `offset` its place in the memory map."""

    name: str
    source: str
    group: str
    offset: int
    height: int
    width: int
    labels: str


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
        if file.name.startswith(HELD_OUT):
            continue
        group = file.name.split("_")[0]
        source = "_".join(file.name.split("_")[:2]) if group in ("man", "top", "atl") else group
        label = file.parent.parent / "labels" / f"{file.stem}.txt"
        yield file.name, source, group, label.read_text(), read_picture(file)


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
        count = min(FRAMES_A_CLIP, max(3, total // 25))
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
    """Write the packs and the manifest, with the hash of every packed picture."""
    work.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    digest = hashlib.sha256()
    with (work / "0.tmp").open("wb") as first, (work / "1.tmp").open("wb") as rest:
        for make in (_labelled, _unlabelled):
            for name, source, group, labels, image in make(data):
                shown = _fitted(image)
                done, packed = cv2.imencode(".webp", shown, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
                assert done, name
                content = hashlib.sha256(packed.data).hexdigest()
                digest.update(f"{name} {content} {labels}".encode())
                part = int(hashlib.sha256(name.encode()).digest()[0] >= _FIRST)
                out = rest if part else first
                rows.append(
                    {"name": name, "source": source, "group": group, "labels": labels,
                     "part": part, "at": out.tell(), "length": len(packed),
                     "height": shown.shape[0], "width": shown.shape[1], "sha256": content}
                )  # fmt: skip
                out.write(packed.tobytes())
    for part in (0, 1):
        (work / f"{part}.tmp").rename(work / f"pictures.{part}.pack")
    table = {"sha256": digest.hexdigest(), "pictures": rows}
    (work / "pictures.json").write_text(json.dumps(table, indent=0))
    print(f"{len(rows)} pictures, manifest {digest.hexdigest()}")


def _unpack(pack: Path, out: Path, rows: list[tuple[int, int, str, Picture]]) -> None:
    """Decode some pictures of a pack to their places."""
    packs = np.memmap(pack, np.uint8, "r")
    memory = np.memmap(out, np.uint8, "r+")
    for at, length, content, picture in rows:
        packed = packs[at : at + length]
        if hashlib.sha256(packed.data).hexdigest() != content:
            raise ValueError(f"{picture.name} is not what the manifest says")
        image = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert image is not None, picture.name
        pixels(picture, memory)[:] = image
    memory.flush()


def load(work: Path, unpacked: Path | None = None, processes: int = 2) -> tuple[
    list[Picture], np.memmap, str
]:  # fmt: skip
    """Pictures of the packs that are there, their pixels and the hash of the manifest; the pixels
    are kept in the folder `unpacked`, `work` if there is none. Raises ValueError."""
    table = json.loads((work / "pictures.json").read_text())
    parts = [p for p in (0, 1) if (work / f"pictures.{p}.pack").exists()]
    pictures, todo, offset = [], dict[int, list[tuple[int, int, str, Picture]]](), 0
    for row in table["pictures"]:
        if row["part"] not in parts:
            continue
        size = row["height"], row["width"]
        picture = Picture(row["name"], row["source"], row["group"], offset, *size, row["labels"])
        offset += size[0] * size[1] * 3
        pictures.append(picture)
        todo.setdefault(row["part"], []).append(
            (row["at"], row["length"], row["sha256"], picture)
        )  # fmt: skip
    kept = (unpacked or work) / f"pixels-{table['sha256'][:12]}-{''.join(map(str, parts))}.bin"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        waiting = kept.with_suffix(".tmp")
        with waiting.open("wb") as out:
            out.truncate(offset)
        with ProcessPoolExecutor(processes) as pool:
            for part, rows in todo.items():
                pack = work / f"pictures.{part}.pack"
                share = -(-len(rows) // (4 * processes))
                shares = [rows[i : i + share] for i in range(0, len(rows), share)]
                count = len(shares)
                list(pool.map(_unpack, [pack] * count, [waiting] * count, shares))
        waiting.rename(kept)
    return pictures, np.memmap(kept, np.uint8, "r"), table["sha256"]


def pixels(picture: Picture, memory: np.memmap) -> np.ndarray:
    """(height, width, 3) BGR, not copied."""
    end = picture.offset + picture.height * picture.width * 3
    return memory[picture.offset : end].reshape(picture.height, picture.width, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    build(options.data, options.work)


if __name__ == "__main__":
    main()

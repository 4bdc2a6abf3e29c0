"""What the commands of this room share: arguments, networks, lines written."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader

CITATION_CONFIDENCE = 0.8
"""From which `tickets` drafts."""
_Item = TypeVar("_Item")


def parser_of(command: str, description: str, pictures: str) -> argparse.ArgumentParser:
    """The arguments of `payesh-plates <command>`; `pictures` explains the list."""
    parser = argparse.ArgumentParser(prog=f"payesh-plates {command}", description=description)
    parser.add_argument("pictures", type=Path, help=pictures)
    parser.add_argument("--locator", type=Path, help="an ONNX file in place of the packaged one")
    parser.add_argument("--reader", type=Path, help="an ONNX file in place of the packaged one")
    parser.add_argument(
        "--accept",
        type=_probability,
        default=CITATION_CONFIDENCE,
        help="least confidence of an accepted read (default: %(default)s, the citation's)",
    )
    parser.add_argument(
        "--second",
        action="store_true",
        help="read what is accepted with the second reader too (needs payesh-plates[easyocr])",
    )
    parser.add_argument("--out", type=Path, help="write what was read; no labels are needed")
    parser.add_argument("--sheet", type=Path, help="write a PNG of the plates that were misread")
    return parser


def networks_of(given: argparse.Namespace) -> tuple[OnnxPlateLocator, OnnxPlateReader]:
    """Locator and reader on one thread each."""
    return OnnxPlateLocator(given.locator), OnnxPlateReader(given.reader)


def shown(items: Sequence[_Item], unit: str) -> Iterator[_Item]:
    """The items under a progress bar."""
    yield from tqdm(items, unit=unit, file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    """On the terminal, Persian letters as they are."""
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(f"{line}\n" for line in lines)


def _probability(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("is between 0 and 1")
    return value

"""`payesh-detect models`: the detectors that this installation has, and whether they are whole."""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from payesh.detect.adapters.models import DEFAULT_MODEL, ModelFolder
from payesh.detect.adapters.onnx_detector import OnnxDetector, UnsuitableModel
from payesh.detect.adapters.providers import (
    Provider,
    ProviderMissing,
    installed_providers,
    session_providers,
)
from payesh.detect.evaluation.vehicle_figures import processor_ms
from payesh.detect.frames import Bytes

_STATED = re.compile(r"\b[0-9a-f]{64}\b")


def list_models(arguments: Sequence[str]) -> None:
    """Print what there is; exits with 1 where a model is damaged or cannot be used."""
    parser = argparse.ArgumentParser(
        prog="payesh-detect models",
        description="List the detectors that a camera's revision may name: the packaged one and "
        "those of a folder. Each is compared with the SHA-256 in its card (<name>.md), loaded and "
        "timed on a 1080p frame. Prints JSON. To compare them on pictures: evaluate-vehicles "
        "FOLDER --model ONE --beside OTHER.",
    )
    parser.add_argument("--models-folder", type=Path, help="where models are looked for by name")
    parser.add_argument(
        "--provider", type=Provider, default=Provider.AUTO, choices=list(Provider),
        help="what runs the networks",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        running_on = session_providers(given.provider)[0]
    except ProviderMissing as error:
        parser.error(str(error))
    frame = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), np.uint8)
    models = [
        _described(name, path, frame, given.provider)
        for name, path in ModelFolder(given.models_folder).files()
    ]
    report = {
        "providers": [str(each) for each in installed_providers()],
        "running_on": running_on,
        "models": models,
    }
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    if any(each["fault"] is not None for each in models):
        raise SystemExit(1)


def _described(name: str, path: Path, frame: Bytes, provider: Provider) -> dict[str, Any]:
    body = path.read_bytes()
    sha256 = hashlib.sha256(body).hexdigest()
    row: dict[str, Any] = {
        "name": name,
        "default": name == DEFAULT_MODEL,
        "file": str(path),
        "size_bytes": len(body),
        "sha256": sha256,
        "card": None,
        "classes": None,
        "ms_1080p": None,
        "fault": None,
    }
    card = path.with_suffix(".md")
    if card.is_file():
        stated = _STATED.findall(card.read_text("utf-8"))
        row["card"] = str(card)
        if stated and sha256 not in stated:
            row["fault"] = f"it is not the file of its card, whose SHA-256 is {stated[0]}"
            return row
    try:
        detector = OnnxDetector(body, provider=provider)
        row["classes"] = detector.class_names
        row["ms_1080p"] = processor_ms(detector, frame)
    except UnsuitableModel as error:
        row["fault"] = str(error)
    return row

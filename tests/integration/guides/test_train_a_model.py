"""docs/guides/train-a-model.md: its commands exist, and what it packages is what its card names."""

import re
import shutil
from pathlib import Path

import pytest

from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from tests.support.scratch import GUIDES, ROOT, Scratch

MODELS = "services/plates/src/payesh/plates/models"
# A field of ModelProto (metadata_props, 14) with the entry "run": "2". Protobuf appends by
# concatenation: the same network in a file of another hash.
ANOTHER_RUN = b"\x72\x08\x0a\x03run\x12\x012"


@pytest.mark.slow
def test_a_trained_network_is_packaged_as_the_guide_describes(tmp_path: Path) -> None:
    packaged = (ROOT / MODELS / "plate_reader.onnx").read_bytes()
    scratch = Scratch(tmp_path)
    (tmp_path / "trained.onnx").write_bytes(packaged + ANOTHER_RUN)
    assert scratch.follow("train-a-model.md") == 3
    assert (tmp_path / MODELS / "plate_reader.onnx").read_bytes() != packaged
    OnnxPlateReader(tmp_path / MODELS / "plate_reader.onnx")


def test_a_card_that_was_forgotten_is_found(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    (tmp_path / "trained.onnx").write_bytes(b"another network")
    shutil.copy(tmp_path / "trained.onnx", tmp_path / MODELS / "plate_reader.onnx")
    with pytest.raises(AssertionError, match="test_a_packaged_models_card"):
        scratch.run(".venv/bin/python -m pytest -q tests/architecture/test_links.py")


def test_scripts_have_the_options_that_the_guide_gives_them() -> None:
    text = (GUIDES / "train-a-model.md").read_text("utf-8").replace("\\\n", " ")
    lines = re.findall(r"^python (services/\S+\.py)(.*)$", text, re.MULTILINE)
    assert len(lines) == 5
    for script, rest in lines:
        source = (ROOT / script).read_text("utf-8")
        for option in re.findall(r"--[a-z-]+", rest):
            assert f'add_argument("{option}"' in source, f"{script} {option}"

"""Write the second reader as EasyOCR loads a network of its user: weights, YAML and module.

    python pack_second_reader.py --state SECOND.pt --out FOLDER

`easyocr.Reader(["en"], recog_network="plates_second", detector=False, download_enabled=False,
model_storage_directory=FOLDER, user_network_directory=FOLDER)` reads plates cut to 48 x 192.
"""

import argparse
import json
from pathlib import Path

import torch
from reader_network import HEIGHT_PX
from second_network import NETWORK_PARAMETERS, SecondNetwork, easyocr_state

from payesh.contracts.plate_text import ALEF
from payesh.plates.adapters.onnx_reader import CLASSES

NAME = "plates_second"
_MODULE = '''"""EasyOCR's own second-generation network; the weights are this project's."""

from easyocr.model.vgg_model import Model

__all__ = ["Model"]
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = SecondNetwork()
    network.load_state_dict(torch.load(options.state, map_location="cpu"))
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(easyocr_state(network), options.out / f"{NAME}.pth")
    # EasyOCR knows single characters only: a lone alef stands for الف, as it does in spellings.
    characters = "".join("ا" if c == ALEF else c for c in CLASSES[1:])
    configuration = {
        "network_params": NETWORK_PARAMETERS,
        "imgH": HEIGHT_PX,
        "lang_list": ["en"],
        "character_list": characters,
    }
    # JSON is YAML, and EasyOCR reads the file as UTF-8.
    text = json.dumps(configuration, ensure_ascii=False, indent=1)
    (options.out / f"{NAME}.yaml").write_text(text, encoding="utf-8")
    (options.out / f"{NAME}.py").write_text(_MODULE, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Fit the reader's temperature (Guo et al., 2017) and export it inside the network.

    python calibrate_reader.py --data DATA --state R.pt --locator L.onnx --out R.onnx

The network was trained on the whole train split, so every other dev crop is used for the fit and
the others for the report.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from evaluate import report_calibration
from picture_files import read_colour
from reader_network import HEIGHT_PX, WIDTH_PX, ReaderNetwork

from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import LATTICE, cut_plate
from payesh.plates.domain.located_plate import LocatedPlate


def confidences(
    logits: np.ndarray, texts: list[str], temperature: float
) -> list[tuple[float, bool]]:
    """Confidence of every plate at a temperature, and whether its text is right."""
    powers = np.exp((logits - logits.max(2, keepdims=True)) / temperature)
    readings = [LATTICE.reading(p) for p in powers / powers.sum(2, keepdims=True)]
    return [(r.confidence, r.text == t) for r, t in zip(readings, texts, strict=True)]


def log_loss(readings: list[tuple[float, bool]]) -> float:
    """Mean negative log likelihood that the confidences give to what is right."""
    confidence, right = (np.array(v, float) for v in zip(*readings, strict=True))
    confidence = np.clip(confidence, 1e-4, 1 - 1e-4)
    return float(-np.mean(np.where(right > 0, np.log(confidence), np.log(1 - confidence))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--locator", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    plates = options.data / "plates"
    locator = OnnxPlateLocator(options.locator)
    network = ReaderNetwork()
    network.load_state_dict(torch.load(options.state, map_location="cpu"))  # half precision
    network.eval()
    cuts, texts = [], []
    for line in (plates / "crops_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        image = read_colour(plates / file)
        whole = LocatedPlate(0.0, 0.0, float(image.shape[1]), float(image.shape[0]), 1.0)
        found = locator.locate(image) if source == "anajar" else [whole]
        if found:
            cuts.append(cut_plate(image, found[0]))
            texts.append(text)
    with torch.no_grad():
        images = torch.from_numpy(np.stack(cuts))[:, None].float() / 255
        logits = torch.cat([network(part) for part in images.split(64)]).double().numpy()
    fitted = {
        t: log_loss(confidences(logits[::2], texts[::2], t)) for t in np.arange(0.3, 1.65, 0.1)
    }
    temperature = min(fitted, key=lambda t: fitted[t])
    print(f"temperature {temperature:.2f}; on the other half:")
    report_calibration(confidences(logits[1::2], texts[1::2], 1.0))
    report_calibration(confidences(logits[1::2], texts[1::2], temperature))
    with torch.no_grad():
        network.out.weight /= temperature
        network.out.bias /= temperature
    export(network, options.out)


def export(network: ReaderNetwork, path: Path) -> None:
    """Write ONNX with a dynamic batch."""
    torch.onnx.export(
        network, (torch.zeros(2, 1, HEIGHT_PX, WIDTH_PX),), str(path), input_names=["plate"],
        output_names=["logits"], opset_version=17, dynamo=False,
        dynamic_axes={"plate": {0: "n"}, "logits": {0: "n"}},
    )  # fmt: skip


if __name__ == "__main__":
    main()

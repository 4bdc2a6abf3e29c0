"""Write a checkpoint's averaged weights as ONNX, in the layout of YOLOX, and quantised beside it.

python export.py --work WORK --checkpoint RUN/checkpoint.pt --out detector.onnx
"""

import argparse
import json
import logging
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from network import Conv, Detector
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from pictures import load, pixels
from torch import nn
from truths import CLASSES

_SIZE = (448, 768)
# The area that `detect` gives a picture, for 25 ms a 1080p frame on one core.
INPUT_PIXELS = 460_800
# Taken from the logit of objectness, so that at the threshold of 0.35 that cameras have by default
# about as many boxes are right as with the weights of before.
LOWERED = 1.0


def plain(module: nn.Module) -> None:
    """Replace every convolution by one that holds its weights as they are."""
    for name, child in module.named_children():
        if isinstance(child, Conv):
            own = nn.Conv2d(child.in_channels, child.out_channels, child.kernel_size, child.stride,
                            child.padding, groups=child.groups)  # fmt: skip
            with torch.no_grad():
                own.weight.copy_(child.weight * child.size)
                own.bias.copy_(child.bias)
            setattr(module, name, own)
        else:
            plain(child)


def write(weights: dict[str, torch.Tensor], path: Path, lowered: float = LOWERED) -> None:
    """ONNX with free height and width: `images` in, `output` [1, cells, 11] out."""
    detector = Detector()
    detector.load_state_dict(weights)
    with torch.no_grad():
        for known in detector.known:
            known.bias[0] -= lowered
    detector.final = True
    plain(detector.eval())
    example = torch.rand(1, 3, *_SIZE) * 255
    torch.onnx.export(
        detector, (example,), str(path), input_names=["images"], output_names=["output"],
        opset_version=17, dynamo=False,
        dynamic_axes={"images": {2: "height", 3: "width"}, "output": {1: "cells"}},
    )  # fmt: skip
    model = onnx.load(str(path))
    onnx.helper.set_model_props(
        model, {"names": json.dumps(CLASSES), "input_pixels": str(INPUT_PIXELS)}
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    session = onnxruntime.InferenceSession(str(path))
    with torch.no_grad():
        expected = detector(example).numpy()
    found = session.run(None, {"images": example.numpy()})[0]
    print(f"largest difference from the training graph {np.abs(found - expected).max():.2e}")


class _Calibration(CalibrationDataReader):
    """Pictures of all groups, letterboxed at the size of use."""

    def __init__(self, work: Path, count: int) -> None:
        pictures, memory, _ = load(work)
        chosen = np.random.default_rng(7).choice(len(pictures), count, replace=False)
        self._rest = iter([(pictures[int(i)], memory) for i in chosen])

    def get_next(self) -> dict[str, np.ndarray] | None:
        row = next(self._rest, None)
        if row is None:
            return None
        image = pixels(*row)
        scale = min(_SIZE[0] / image.shape[0], _SIZE[1] / image.shape[1])
        shown = cv2.resize(image, None, fx=scale, fy=scale)[: _SIZE[0], : _SIZE[1]]
        canvas = np.full((*_SIZE, 3), 114, np.uint8)
        canvas[: shown.shape[0], : shown.shape[1]] = shown
        return {"images": canvas.transpose(2, 0, 1)[None].astype(np.float32)}


def quantise(path: Path, out: Path, work: Path, count: int = 96) -> None:
    """Weights in 7 bits a channel (with 8 the sums of processors without VNNI overflow), features
    in 8; the last layers stay as they are, and so does the first, which takes a third of the time
    in 8 bits and a tenth as it is."""
    logging.getLogger().setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(3)
    nodes = onnx.load(str(path)).graph.node
    places = ("/front/front.0/", "/front/front.1/", "/box.", "/known.")
    kept = [n.name for n in nodes if n.name.startswith(places)
            or n.op_type in ("Sigmoid", "Concat", "Reshape", "Transpose")]  # fmt: skip
    quantize_static(
        str(path), str(out), _Calibration(work, count), quant_format=QuantFormat.QDQ,
        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax, nodes_to_exclude=kept, reduce_range=True,
        extra_options={"CalibMovingAverage": True},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    state = torch.load(options.checkpoint, weights_only=True)
    print(f"step {state['step']}")
    write(state["averaged"], options.out)
    quantise(options.out, options.out.with_suffix(".int8.onnx"), options.work)


if __name__ == "__main__":
    main()

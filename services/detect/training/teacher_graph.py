"""The teacher's own layers, read from its file, and the detector's first weights from them."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from network import (
    BLOCKS,
    FEATURES,
    FRONT_BLOCKS,
    STRIDES,
    TOWER_DEPTH,
    Conv,
    Detector,
    inverted_residuals,
)
from torch import Tensor, nn
from torch.nn import functional as F

_FILE = "person-vehicle-bike-detection-2003.xml"
# The teacher's classes (vehicle, person, bike) that ours begin as.
_BEGIN_AS = (0, 0, 0, 2, 2, 1)


@dataclass(frozen=True, slots=True)
class _Convolution:
    """One convolution of the teacher's file; `gain` if an instance normalisation follows."""

    name: str
    weight: Tensor
    gain: Tensor | None
    bias: Tensor


class TeacherGraph(nn.Module):
    """The teacher's own layers, for what they compute inside: features at stride 4, the pyramid,
    and what its instance normalisations see."""

    def __init__(self, convolutions: list[_Convolution]) -> None:
        super().__init__()
        self.stem = Conv(3, 32, 3, 2)
        self.blocks = inverted_residuals(0, len(BLOCKS))
        backbone = [c for c in convolutions if not c.name.startswith(("neck", "bbox"))]
        places = [self.stem, *[c for b in self.blocks for c in (b.expand, b.depth, b.project)]]
        for place, source in zip(places, backbone, strict=False):
            place.take(source.weight, source.bias)
        with torch.no_grad():
            self.stem.size /= 255
        self.boxes = backbone[len(places) :]  # one of each level
        self.named = {c.name: c for c in convolutions}

    def quarter(self, images: Tensor) -> Tensor:
        """Features at stride 4."""
        x = F.relu6(self.stem(images))
        for block in self.blocks[:FRONT_BLOCKS]:
            x = block(x)
        return x


def _convolutions(models: Path) -> list[_Convolution]:
    root = ElementTree.parse(models / _FILE).getroot()  # noqa: S314 - our own file
    raw = (models / _FILE).with_suffix(".bin").read_bytes()
    layers = {layer.attrib["id"]: layer for layer in root.iter("layer")}
    inputs: dict[str, dict[str, str]] = {}
    users: dict[str, str] = {}
    for edge in root.iter("edge"):
        source, target = edge.attrib["from-layer"], edge.attrib["to-layer"]
        inputs.setdefault(target, {})[edge.attrib["to-port"]] = source
        users.setdefault(source, target)

    def constant(layer: str) -> np.ndarray:
        if layers[layer].get("type") == "Convert":
            return constant(inputs[layer]["0"])
        (data,) = layers[layer].findall("data")
        kind = {"f32": np.float32, "f16": np.float16}[data.attrib["element_type"]]
        start, length = int(data.attrib["offset"]), int(data.attrib["size"])
        shape = [int(n) for n in data.attrib["shape"].split(",")]
        return np.frombuffer(raw[start : start + length], kind).reshape(shape).astype(np.float32)

    found = []
    for key, layer in layers.items():
        if layer.get("type") not in ("Convolution", "GroupConvolution"):
            continue
        weight = constant(inputs[key]["1"])
        if weight.ndim == 5:
            weight = weight[:, 0]
        gain, after = None, users[key]
        if layers[after].get("type") == "MVN":
            after = users[after]
            gain = torch.from_numpy(constant(inputs[after]["1"]).reshape(-1))
            after = users[after]
        bias = torch.from_numpy(constant(inputs[after]["1"]).reshape(-1))
        name = layers[inputs[key]["1"]].attrib["name"]
        found.append(_Convolution(name, torch.from_numpy(weight), gain, bias))
    return found


def teacher_graph(models: Path) -> TeacherGraph:
    """The teacher from its file."""
    return TeacherGraph(_convolutions(models)).eval()


@torch.no_grad()
def begin_from(teacher: TeacherGraph, detector: Detector, pictures: Iterable[Tensor]) -> None:
    """Give `detector` the teacher's weights. `pictures` are batches of BGR pictures at the
    teacher's size, over which its instance normalisations are averaged."""
    for mine, its in zip(detector.blocks, teacher.blocks[FRONT_BLOCKS:], strict=True):
        mine.load_state_dict(its.state_dict())
    for i in range(len(STRIDES)):
        for part, place in (("lateral", detector.lateral[i]), ("fpn", detector.smooth[i])):
            source = teacher.named[f"neck.{part}_convs.{i}.conv.weight"]
            place.take(source.weight, source.bias)
    batches = list(pictures)
    levels = [detector.pyramid(teacher.quarter(batch)) for batch in batches]
    for i in range(len(STRIDES)):
        for part, towers in (("cls", detector.class_tower), ("reg", detector.box_tower)):
            features = [level[i] for level in levels]
            for k in range(TOWER_DEPTH):
                source = teacher.named[f"bbox_head.{part}_convs.{k}.conv.weight"]
                raw = [F.conv2d(f, source.weight, None, 1, 1) for f in features]
                mean = torch.cat([r.mean((2, 3)) for r in raw]).mean(0)
                spread = torch.cat([r.var((2, 3)) for r in raw]).mean(0).add(1e-5).sqrt()
                factor = source.gain / spread
                towers[i][2 * k].take(
                    source.weight * factor[:, None, None, None], source.bias - mean * factor
                )
                features = [towers[i][2 * k + 1](towers[i][2 * k](f)) for f in features]
        kinds = teacher.named["bbox_head.atss_cls.weight"]
        by_anchor, bias = kinds.weight.reshape(3, 3, FEATURES, 3, 3), kinds.bias.reshape(3, 3)
        own = [by_anchor[1, k] for k in _BEGIN_AS], [bias[1, k] for k in _BEGIN_AS]
        weight = torch.stack([by_anchor[:, 0].mean(0), *own[0]])
        detector.known[i].take(weight, torch.stack([bias[:, 0].mean(), *own[1]]))
        # The middle one of three anchors: a square of eight strides.
        spread = torch.tensor([0.1 * 8, 0.1 * 8, 0.2, 0.2])
        shift = torch.tensor([0.5, 0.5, math.log(8), math.log(8)])
        detector.box[i].take(
            teacher.boxes[i].weight[4:8] * spread[:, None, None, None],
            teacher.boxes[i].bias[4:8] * spread + shift,
        )

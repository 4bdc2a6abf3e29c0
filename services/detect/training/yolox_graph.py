"""YOLOX-nano as published (Apache-2.0), run in PyTorch straight from its ONNX graph so that
its weights can be trained further, and written back into an ONNX graph of the same layout.

The batch normalisations are folded into the convolutions already; at small learning rates
they are not missed.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

CLASSES = ("car", "bus", "truck", "motorcycle", "bicycle", "person")
_COCO_CLASSES = (2, 5, 7, 3, 1, 0)
_STRIDES = (8, 16, 32)


class YoloxGraph(nn.Module):
    """BGR (N, 3, H, W) 0..255, sides multiples of 32, to raw (N, cells, 5 + 6), undecoded:
    centre offset in cells, log size in strides, objectness and classes as logits."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.model = onnx.load(str(path))
        initial = {i.name: numpy_helper.to_array(i) for i in self.model.graph.initializer}
        for level in range(3):  # keep our classes of COCO's eighty
            for part in ("weight", "bias"):
                name = f"head.cls_preds.{level}.{part}"
                initial[name] = initial[name][list(_COCO_CLASSES)]
        self.constants = {k: v for k, v in initial.items() if v.dtype == np.int64 or v.size <= 4}
        self.weights = nn.ParameterDict({
            k.replace(".", "/"): nn.Parameter(torch.from_numpy(v.copy()))
            for k, v in initial.items() if v.dtype == np.float32 and self._is_conv(k)
        })  # fmt: skip

    def _is_conv(self, name: str) -> bool:
        return any(name in n.input[1:] for n in self.model.graph.node if n.op_type == "Conv")

    def _weight(self, name: str) -> Tensor:
        return self.weights[name.replace(".", "/")]

    def forward(self, images: Tensor) -> Tensor:
        known: dict[str, Tensor] = {"images": images}
        levels: list[Tensor] = []
        for node in self.model.graph.node:
            args = [known.get(name) for name in node.input]
            options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Slice":
                starts, ends, axes, steps = (self.constants[n] for n in node.input[1:5])
                start, end, axis, step = (int(x[0]) for x in (starts, ends, axes, steps))
                index = [slice(None)] * 4
                index[axis] = slice(start, min(end, 1 << 40), step)
                result = args[0][tuple(index)]
            elif node.op_type == "Conv":
                result = nn.functional.conv2d(
                    args[0],
                    self._weight(node.input[1]),
                    self._weight(node.input[2]),
                    options["strides"],
                    options["pads"][:2],
                    1,
                    options.get("group", 1),
                )
            elif node.op_type == "Sigmoid":
                # Objectness and class outputs stay logits for the loss.
                raw = node.input[0] in self._head_outputs()
                result = args[0] if raw else args[0].sigmoid()
            elif node.op_type == "Mul":
                result = args[0] * args[1]
            elif node.op_type == "Add":
                result = args[0] + args[1]
            elif node.op_type == "Concat":
                if args[0] is not None and args[0].dim() == 4:
                    result = torch.cat(args, 1)
                    if result.shape[1] == 5 + len(CLASSES):
                        levels.append(result)
                else:
                    continue
            elif node.op_type == "MaxPool":
                side = options["kernel_shape"][0]
                result = nn.functional.max_pool2d(args[0], side, 1, side // 2)
            elif node.op_type == "Resize":
                result = nn.functional.interpolate(args[0], scale_factor=2.0, mode="nearest")
            elif node.op_type in ("Reshape", "Transpose"):
                continue
            else:
                raise NotImplementedError(node.op_type)
            known[node.output[0]] = result
        return torch.cat([level.flatten(2) for level in levels], 2).transpose(1, 2)

    def _head_outputs(self) -> set[str]:
        if not hasattr(self, "_heads"):
            self._heads = {
                n.output[0] for n in self.model.graph.node
                if n.op_type == "Conv" and n.input[1].startswith("head.")
                and "preds" in n.input[1]
            }  # fmt: skip
        return self._heads

    def export(self, path: Path) -> None:
        """Write ONNX: YOLOX layout [1, N, 11], undecoded, objectness and classes 0..1,
        dynamic height and width."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        for initializer in model.graph.initializer:
            key = initializer.name.replace(".", "/")
            if key in self.weights:
                array = self.weights[key].detach().cpu().numpy()
                initializer.CopyFrom(numpy_helper.from_array(array, initializer.name))
            elif list(initializer.dims) == [3]:  # the shapes of the three Reshapes
                shape = np.array([1, 5 + len(CLASSES), -1], np.int64)
                initializer.CopyFrom(numpy_helper.from_array(shape, initializer.name))
        for value, names in (
            (model.graph.input[0], (None, None, "height", "width")),
            (model.graph.output[0], (None, "cells", 5 + len(CLASSES))),
        ):
            for dim, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
                if isinstance(name, str):
                    dim.dim_param = name
                elif name is not None:
                    dim.dim_value = name
        del model.graph.value_info[:]
        onnx.helper.set_model_props(model, {"names": json.dumps(CLASSES)})
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def cells_of(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Left top corners (N, 2) of all cells in pixels, and strides (N, 1)."""
    corners, strides = [], []
    for stride in _STRIDES:
        ys, xs = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride),
                                indexing="ij")  # fmt: skip
        corners.append(torch.stack([xs, ys], 2).reshape(-1, 2) * stride)
        strides.append(torch.full((corners[-1].shape[0], 1), stride))
    return torch.cat(corners).float(), torch.cat(strides).float()


def decode(raw: Tensor, height: int, width: int) -> Tensor:
    """Centre x, y, width, height in pixels (N, cells, 4)."""
    corners, strides = cells_of(height, width)
    corners, strides = corners.to(raw), strides.to(raw)
    return torch.cat(
        [raw[..., :2] * strides + corners, raw[..., 2:4].clamp(max=8).exp() * strides], -1
    )

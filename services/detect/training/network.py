"""The vehicle detector: the teacher's backbone behind a cheaper front, with heads of its own.

The teacher (Intel's person-vehicle-bike-detection-2003, Apache-2.0) is MobileNetV2 with a feature
pyramid of 32 channels and an ATSS head. Its first three blocks work at half and quarter size and
take half of its time; four convolutions stand here instead. Its instance normalisations are folded
into the convolutions with measured means, so that the whole graph can be quantised. Three boxes a
cell become one, in the layout of YOLOX.
"""

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from truths import CLASSES

STRIDES = (8, 16, 32)
# Expanded channels, channels out, stride of MobileNetV2's blocks.
BLOCKS = (
    (32, 16, 1), (96, 24, 2), (144, 24, 1), (144, 32, 2), (192, 32, 1), (192, 32, 1), (192, 64, 2),
    (384, 64, 1), (384, 64, 1), (384, 64, 1), (384, 96, 1), (576, 96, 1), (576, 96, 1),
    (576, 160, 2), (960, 160, 1), (960, 160, 1), (960, 320, 1),
)  # fmt: skip
FRONT_BLOCKS = 3
_TAPS = (5, 12, 16)
FEATURES = 32
TOWER_DEPTH = 4


class Conv(nn.Conv2d):
    """A convolution whose weights are held relative to their size in each output channel, so that
    one learning rate suits folded normalisations of very different scales."""

    def __init__(self, inward: int, outward: int, side: int, stride: int = 1, groups: int = 1):
        super().__init__(inward, outward, side, stride, side // 2, groups=groups)
        self.register_buffer("size", torch.ones(outward, 1, 1, 1))
        with torch.no_grad():
            self.bias.zero_()
        self.take(self.weight.detach() * 2.0, self.bias.detach())

    @torch.no_grad()
    def take(self, weight: Tensor, bias: Tensor) -> None:
        """Hold these weights."""
        size = weight.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-6
        self.size.copy_(size)
        self.weight.copy_(weight / size)
        self.bias.copy_(bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * self.size
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, 1, self.groups)


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, inward: int, wide: int, outward: int, stride: int) -> None:
        super().__init__()
        self.expand = Conv(inward, wide, 1)
        self.depth = Conv(wide, wide, 3, stride, wide)
        self.project = Conv(wide, outward, 1)
        self.adds = stride == 1 and inward == outward

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(F.relu6(self.depth(F.relu6(self.expand(x)))))
        return x + y if self.adds else y


def inverted_residuals(first: int, last: int) -> nn.ModuleList:
    inward = [32, *[b[1] for b in BLOCKS]]
    return nn.ModuleList(Block(inward[i], *BLOCKS[i]) for i in range(first, last))


def _tower() -> nn.Sequential:
    return nn.Sequential(
        *[m for _ in range(TOWER_DEPTH) for m in (Conv(FEATURES, FEATURES, 3), nn.ReLU())]
    )


class Detector(nn.Module):
    """BGR (N, 3, H, W) 0..255, sides multiples of 32, to (N, cells, 11): centre offset in cells,
    log size in strides, then logits of objectness and classes (probabilities if `final`)."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(
            Conv(3, 16, 3, 2), nn.ReLU(), Conv(16, 48, 3, 2), nn.ReLU(), Conv(48, 48, 3),
            nn.ReLU(), Conv(48, 24, 1),
        )  # fmt: skip
        self.blocks = inverted_residuals(FRONT_BLOCKS, len(BLOCKS))
        self.lateral = nn.ModuleList(Conv(BLOCKS[t][1], FEATURES, 1) for t in _TAPS)
        self.smooth = nn.ModuleList(Conv(FEATURES, FEATURES, 3) for _ in STRIDES)
        self.class_tower = nn.ModuleList(_tower() for _ in STRIDES)
        self.box_tower = nn.ModuleList(_tower() for _ in STRIDES)
        self.box = nn.ModuleList(Conv(FEATURES, 4, 3) for _ in STRIDES)
        self.known = nn.ModuleList(Conv(FEATURES, 1 + len(CLASSES), 3) for _ in STRIDES)
        self.final = False
        with torch.no_grad():
            self.front[0].size /= 64  # of pixel values

    def pyramid(self, quarter: Tensor) -> list[Tensor]:
        """Features of the three strides, from those at stride 4."""
        x, taps = quarter, []
        for i, block in enumerate(self.blocks, FRONT_BLOCKS):
            x = block(x)
            if i in _TAPS:
                taps.append(x)
        levels = [lateral(tap) for lateral, tap in zip(self.lateral, taps, strict=True)]
        for i in (1, 0):
            levels[i] = levels[i] + F.interpolate(levels[i + 1], scale_factor=2.0)
        return [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]

    def forward(self, images: Tensor) -> Tensor:
        out = []
        for i, level in enumerate(self.pyramid(self.front(images))):
            known = self.known[i](self.class_tower[i](level))
            box = self.box[i](self.box_tower[i](level))
            out.append(torch.cat([box, known.sigmoid() if self.final else known], 1).flatten(2))
        return torch.cat(out, 2).transpose(1, 2)


@functools.lru_cache(32)
def cells_of(height: int, width: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Left top corners (N, 2) of all cells in pixels, and strides (N, 1)."""
    corners, strides = [], []
    for stride in STRIDES:
        ys, xs = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride),
                                indexing="ij")  # fmt: skip
        corners.append(torch.stack([xs, ys], 2).reshape(-1, 2) * stride)
        strides.append(torch.full((corners[-1].shape[0], 1), stride))
    return torch.cat(corners).float().to(device), torch.cat(strides).float().to(device)


def decode(raw: Tensor, height: int, width: int) -> Tensor:
    """Corner boxes in pixels (N, cells, 4)."""
    corners, strides = cells_of(height, width, raw.device)
    centre = raw[..., :2] * strides + corners
    half = raw[..., 2:4].clamp(-3, 6).exp() * strides / 2
    return torch.cat([centre - half, centre + half], -1)

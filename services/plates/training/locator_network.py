"""The plate locator: a small fully convolutional one-class detector, stride 8."""

import torch
from layers import Residual, conv
from torch import Tensor, nn

STRIDE = 8
SIZE_UNIT_PX = 16.0


class LocatorNetwork(nn.Module):
    """Maps grey pictures (N, 1, H, W) in 0..1, H and W multiples of 32, to (N, 5, H/8, W/8).

    The five are: score logit, centre offset from the cell's centre in cells (x, y),
    log(width/16 px), log(height/16 px).
    """

    def __init__(self) -> None:
        super().__init__()
        self.to_8 = nn.Sequential(
            conv(1, 16, 2), conv(16, 32, 2), Residual(32), conv(32, 64, 2), Residual(64),
            Residual(64),
        )  # fmt: skip
        self.to_16 = nn.Sequential(conv(64, 96, 2), Residual(96), Residual(96))
        self.to_32 = nn.Sequential(conv(96, 128, 2), Residual(128))
        self.from_32 = conv(128, 96, kernel=1)
        self.from_16 = nn.Sequential(conv(96, 96), conv(96, 64, kernel=1))
        self.head = nn.Sequential(conv(64, 64), conv(64, 64))
        self.out = nn.Conv2d(64, 5, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        with torch.no_grad():
            self.out.bias.copy_(torch.tensor([-4.0, 0, 0, 1.2, 0]))

    def forward(self, x: Tensor) -> Tensor:
        at_8 = self.to_8(x - 0.5)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        up = nn.functional.interpolate
        at_16 = at_16 + up(self.from_32(at_32), scale_factor=2.0, mode="nearest")
        at_8 = at_8 + up(self.from_16(at_16), scale_factor=2.0, mode="nearest")
        return self.out(self.head(at_8))

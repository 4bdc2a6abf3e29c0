"""The plate reader: a CRNN (Shi et al., 2015) with CTC output, about 1 M parameters."""

import torch
from layers import Residual, conv
from torch import Tensor, nn

from payesh.plates.adapters.onnx_reader import CLASSES

HEIGHT_PX, WIDTH_PX, STEPS = 48, 192, 48


class ReaderNetwork(nn.Module):
    """Maps grey plates (N, 1, 48, 192) in 0..1 to logits (N, 48, len(CLASSES))."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv(1, 24, 2), Residual(24),
            conv(24, 64, 2), Residual(64), Residual(64),
            conv(64, 96, (2, 1)), Residual(96),
            conv(96, 128, (2, 1)), Residual(128),
            nn.Conv2d(128, 160, (3, 1), bias=False), nn.BatchNorm2d(160), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.drop = nn.Dropout(0.1)
        self.context = nn.GRU(160, 96, batch_first=True, bidirectional=True)
        self.out = nn.Linear(160 + 192, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        # Zero mean and unit contrast: dark and glaring plates become alike.
        x = x - x.mean((2, 3), keepdim=True)
        x = x / (x.square().mean((2, 3), keepdim=True).sqrt() + 0.02)
        columns = self.features(x).squeeze(2).transpose(1, 2)
        columns = self.drop(columns.float())
        context, _ = self.context(columns)
        return self.out(torch.cat([columns, context], 2))

"""The second reader: EasyOCR's `generation2` recognition network (CRNN of Shi et al., 2015, with
VGG features), written here so that training needs no EasyOCR. Parameters have its names."""

from torch import Tensor, nn

from payesh.plates.adapters.onnx_reader import CLASSES

NETWORK_PARAMETERS = {"input_channel": 1, "output_channel": 256, "hidden_size": 256}
"""What EasyOCR's YAML file names `network_params`."""


class _Features(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        a, b, c, d = outputs // 8, outputs // 4, outputs // 2, outputs
        self.ConvNet = nn.Sequential(
            nn.Conv2d(inputs, a, 3, 1, 1), nn.ReLU(True), nn.MaxPool2d(2, 2),
            nn.Conv2d(a, b, 3, 1, 1), nn.ReLU(True), nn.MaxPool2d(2, 2),
            nn.Conv2d(b, c, 3, 1, 1), nn.ReLU(True),
            nn.Conv2d(c, c, 3, 1, 1), nn.ReLU(True), nn.MaxPool2d((2, 1), (2, 1)),
            nn.Conv2d(c, d, 3, 1, 1, bias=False), nn.BatchNorm2d(d), nn.ReLU(True),
            nn.Conv2d(d, d, 3, 1, 1, bias=False), nn.BatchNorm2d(d), nn.ReLU(True),
            nn.MaxPool2d((2, 1), (2, 1)),
            nn.Conv2d(d, d, 2, 1, 0), nn.ReLU(True),
        )  # fmt: skip
        for module in self.ConvNet:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        return self.ConvNet(x)


class _Context(nn.Module):
    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(inputs, hidden, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(hidden * 2, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.rnn(x)[0])


class SecondNetwork(nn.Module):
    """Maps grey plates (N, 1, 48, 192) in 0..1 to logits (N, 47, len(CLASSES))."""

    def __init__(self) -> None:
        super().__init__()
        channels, hidden = NETWORK_PARAMETERS["output_channel"], NETWORK_PARAMETERS["hidden_size"]
        self.FeatureExtraction = _Features(NETWORK_PARAMETERS["input_channel"], channels)
        self.AdaptiveAvgPool = nn.AdaptiveAvgPool2d((None, 1))
        self.SequenceModeling = nn.Sequential(
            _Context(channels, hidden, hidden), _Context(hidden, hidden, hidden)
        )
        self.Prediction = nn.Linear(hidden, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        # EasyOCR gives pictures in -1..1.
        features = self.FeatureExtraction((x - 0.5) / 0.5)
        columns = self.AdaptiveAvgPool(features.permute(0, 3, 1, 2)).squeeze(3)
        return self.Prediction(self.SequenceModeling(columns.float()))


def easyocr_state(network: nn.Module) -> dict[str, Tensor]:
    """The weights as EasyOCR loads them: it drops the first seven characters of each name."""
    return {f"module.{name}": value.half() if value.is_floating_point() else value
            for name, value in network.state_dict().items()}  # fmt: skip

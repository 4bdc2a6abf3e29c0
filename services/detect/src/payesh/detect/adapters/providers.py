"""What runs a network: the processor, or an accelerator whose package is installed."""

from enum import StrEnum

import onnxruntime


class Provider(StrEnum):
    """`auto` is the first of the others, from the last to the first, that is installed."""

    AUTO = "auto"
    CPU = "cpu"
    OPENVINO = "openvino"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


_NAMES = {
    Provider.CPU: "CPUExecutionProvider",
    Provider.OPENVINO: "OpenVINOExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.TENSORRT: "TensorrtExecutionProvider",
}
_PACKAGES = {
    Provider.OPENVINO: "onnxruntime-openvino",
    Provider.CUDA: "onnxruntime-gpu",
    Provider.TENSORRT: "onnxruntime-gpu",
}


class ProviderMissing(LookupError):
    """The text says what is installed, and which package has the one that was asked for."""

    def __init__(self, wanted: Provider) -> None:
        installed = ", ".join(installed_providers())
        super().__init__(
            f"the provider {wanted} is not installed (there are: {installed}); it comes with the "
            f"package {_PACKAGES[wanted]} in place of onnxruntime"
        )


def installed_providers() -> list[Provider]:
    """Providers of the onnxruntime that is installed, the processor first."""
    there = set(onnxruntime.get_available_providers())
    return [provider for provider, name in _NAMES.items() if name in there]


def session_providers(wanted: Provider) -> list[str]:
    """For a session: the provider and, for what it cannot run, the processor. Raises
    ProviderMissing."""
    installed = installed_providers()
    chosen = installed[-1] if wanted is Provider.AUTO else wanted
    if chosen not in installed:
        raise ProviderMissing(chosen)
    return list(dict.fromkeys((_NAMES[chosen], _NAMES[Provider.CPU])))

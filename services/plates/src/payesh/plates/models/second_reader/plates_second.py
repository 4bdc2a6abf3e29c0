"""EasyOCR's own second-generation network; the weights are this project's."""

from easyocr.model.vgg_model import Model

__all__ = ["Model"]

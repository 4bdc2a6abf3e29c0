"""Degradation of pictures by cameras: blur, movement, darkness, noise, compression."""

import cv2
import numpy as np
from picture_files import jpeg_coded


def degrade(grey: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A randomly degraded copy of a grey uint8 picture."""
    image = grey
    if rng.random() < 0.25 * strength:
        sigma = rng.uniform(0.3, 1.3)
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    if rng.random() < 0.15 * strength:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.choice([0.0, 0.0, np.pi / 2, np.pi / 4, -np.pi / 4])
        middle = (length - 1) / 2
        for t in np.linspace(-middle, middle, length * 2):
            kernel[round(middle + t * np.sin(angle)), round(middle + t * np.cos(angle))] = 1
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    gain = 1.0
    if rng.random() < 0.8:
        values = np.arange(256, dtype=np.float32) / 255
        gain, lift = rng.uniform(0.45, 1.25), rng.uniform(-0.12, 0.15)
        if rng.random() < 0.12:
            gain, lift = rng.uniform(0.15, 0.4), rng.uniform(0, 0.1)
        curve = np.clip(values ** rng.uniform(0.6, 1.6) * gain + lift, 0, 1) * 255
        image = cv2.LUT(image, curve.astype(np.uint8))
    if rng.random() < 0.35:
        sigma = rng.uniform(1, 12 * strength) * min(gain, 1.0)
        noise = rng.standard_normal(image.shape, np.float32) * sigma
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(25, 90))
        image = jpeg_coded(image, quality, grey=True)
    return image

"""What cameras do to a batch of pictures, in torch: blur, movement, shadow, darkness, infrared,
noise. One random draw a picture."""

import torch
from torch import Tensor

_TAPS = 13


def _kernels(sigma: Tensor, length: Tensor) -> Tensor:
    """Kernels (N, taps): a Gaussian of `sigma` pixels convolved with a box of `length` pixels."""
    at = torch.arange(_TAPS, device=sigma.device) - _TAPS // 2
    spread = (sigma[:, None].square() + (length[:, None].square() - 1).clamp(min=0) / 12).sqrt()
    bell = torch.exp(-0.5 * (at / spread.clamp(min=0.05)).square())
    box = (at.abs() <= length[:, None] / 2).float()
    # A long movement is flat, a short one hardly differs from a blur.
    kernel = torch.where((length[:, None] > 3) & (sigma[:, None] < 0.6), box, bell)
    return kernel / kernel.sum(1, keepdim=True)


def _along(images: Tensor, kernels: Tensor, dim: int) -> Tensor:
    half = _TAPS // 2
    pad = (half, half, 0, 0) if dim == 3 else (0, 0, half, half)
    wide = torch.nn.functional.pad(images, pad, mode="replicate")
    size = images.shape[dim]
    out = torch.zeros_like(images)
    for k in range(_TAPS):
        out += wide.narrow(dim, k, size) * kernels[:, k, None, None, None]
    return out


def seen_by_camera(images: Tensor, strength: float = 1.0) -> Tensor:
    """Grey pictures (N, 1, H, W) in 0..255 as a camera delivers them, in 0..1."""
    n, device = len(images), images.device

    def draw(low: float, high: float) -> Tensor:
        return torch.rand(n, device=device) * (high - low) + low

    def chance(share: float) -> Tensor:
        return torch.rand(n, device=device) < share * strength

    x = images.float()
    sigma = torch.where(chance(0.3), draw(0.3, 1.5), torch.full_like(draw(0, 1), 0.05))
    sigma = torch.where(chance(0.05), draw(1.5, 2.6), sigma)
    moved, across = chance(0.15), torch.rand(n, device=device) < 0.7
    length = draw(3, 9)
    still = torch.ones_like(length)
    x = _along(x, _kernels(sigma, torch.where(moved & across, length, still)), 3)
    x = _along(x, _kernels(sigma, torch.where(moved & ~across, length, still)), 2)

    height, width = x.shape[2:]
    slope = draw(-0.6, 0.6)[:, None, None]
    ys = torch.arange(height, device=device)[None, :, None] - height / 2
    xs = torch.arange(width, device=device)[None, None, :] - draw(0, width)[:, None, None]
    edge = torch.sigmoid((xs + slope * ys) / draw(0.7, 25)[:, None, None])
    depth = torch.where(chance(0.2), draw(0.2, 0.7), torch.zeros(n, device=device))
    x = x * (1 - depth[:, None, None] * edge)[:, None]

    def tone(value: Tensor) -> Tensor:
        return value[:, None, None, None]

    usual = chance(0.85)
    gain = torch.where(usual, draw(0.45, 1.35), torch.ones(n, device=device))
    gain = torch.where(chance(0.1), draw(0.08, 0.4), gain)
    lift = torch.where(usual, draw(-22, 35), torch.zeros(n, device=device)) * gain.clamp(max=1)
    power = torch.where(usual, draw(0.6, 1.7), torch.ones(n, device=device))
    x = (x / 255).clamp(0, 1) ** tone(power) * 255 * tone(gain) + tone(lift)
    # Infrared light, haze and reflecting film flatten the contrast.
    flat = torch.where(chance(0.13), draw(0.18, 0.7), torch.ones(n, device=device))
    middle = x.mean((2, 3), keepdim=True)
    x = middle + (x - middle) * tone(flat)
    grain = torch.where(chance(0.45), draw(0.5, 12), torch.full_like(gain, 0.3)) * gain.clamp(
        0.2, 1
    )
    x = x + torch.randn_like(x) * tone(grain)
    specks = tone(torch.where(chance(0.06), draw(0.002, 0.03), torch.zeros_like(gain)))
    dice = torch.rand_like(x)
    x = torch.where(dice < specks / 2, torch.zeros_like(x), x)
    x = torch.where(dice > 1 - specks / 2, torch.full_like(x, 255.0), x)
    return x.round().clamp(0, 255) / 255

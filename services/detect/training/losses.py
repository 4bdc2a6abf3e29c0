"""The detector's loss: SimOTA assignment (Ge et al., arXiv:2107.08430), objectness that learns the
overlap, classes among those that a truth may be of, areas of which nothing is known left out. One
computation for the whole batch, without a wait for the device."""

import functools

import torch
from network import cells_of, decode
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import logsigmoid
from truths import ALLOWED, CLASSES, IGNORED, TEACHER_ALONE, VEHICLES

_BOX, _KNOWN = 5.0, 1.0
_DOUBT = 0.25
_MOST_CELLS = 10
# Pictures assigned at a time, with as many truths as the fullest of them has: a GPU waits for each
# computation to be started, a processor for memory.
_AT_A_TIME = {"cuda": 64}
_AT_A_TIME_ELSEWHERE = 16


@functools.cache
def _allowed(device: torch.device) -> Tensor:
    """(10, classes): which classes a truth of each kind may be of."""
    table = torch.zeros(10, len(CLASSES))
    for kind, classes in ALLOWED.items():
        table[kind, list(classes)] = 1.0
    return table.to(device)


def _shared(a: Tensor, b: Tensor) -> Tensor:
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    sides = (high - low).clamp(min=0)
    return sides[..., 0] * sides[..., 1]


def _area(a: Tensor) -> Tensor:
    sides = (a[..., 2:] - a[..., :2]).clamp(min=0)
    return sides[..., 0] * sides[..., 1]


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes that broadcast."""
    shared = _shared(a, b)
    return shared / (_area(a) + _area(b) - shared + 1e-6)


def generalised_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Overlap less the share of the common hull that neither covers: -1..1."""
    shared = _shared(a, b)
    union = _area(a) + _area(b) - shared + 1e-6
    low, high = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    hull = (high - low)[..., 0] * (high - low)[..., 1] + 1e-6
    return shared / union - (hull - union) / hull


def _any_allowed(logits: Tensor, allowed: Tensor) -> Tensor:
    """Logarithm of the probability that a class among the allowed ones holds, and of none."""
    none = (logsigmoid(-logits) * allowed).sum(-1).clamp(max=-1e-6)
    return torch.log1p(-none.exp() + 1e-7)


def _vehicle(raw: Tensor) -> Tensor:
    """Score of the likeliest class of vehicle, a cell; vehicles are the first classes."""
    return raw[..., 4].sigmoid() * raw[..., 5 : 5 + len(VEHICLES)].sigmoid().amax(-1)


@torch.no_grad()
def _assigned(
    raw: Tensor, boxes: Tensor, truths: Tensor, centres: Tensor, strides: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of each cell: whether a truth takes it, which, their overlap, and whether anything is known
    there; all (n, cells)."""
    kind, goal = truths[..., 0].long(), truths[..., None, 1:5]  # (n, m), (n, m, 1, 4)
    real = (kind >= 0) & (kind != IGNORED) & (kind != TEACHER_ALONE)
    x, y = centres[:, 0], centres[:, 1]
    inside = (x > goal[..., 0]) & (x < goal[..., 2]) & (y > goal[..., 1]) & (y < goal[..., 3])
    unknown = (inside & (kind == IGNORED)[..., None]).any(1)
    # Where the teacher alone has looked, what the detector itself takes for a vehicle stands.
    alone = (inside & (kind == TEACHER_ALONE)[..., None]).any(1)
    known = ~(unknown | (alone & (_vehicle(raw) > _DOUBT)))

    middle, reach = (goal[..., :2] + goal[..., 2:]) / 2, 2.5 * strides[:, 0]
    near = ((x - middle[..., 0]).abs() < reach) & ((y - middle[..., 1]).abs() < reach)
    open_ = ((inside | near) & real[..., None]).any(1, keepdim=True) & real[..., None]
    shared = overlap(boxes[:, None], goal) * open_
    likely = _any_allowed(raw[..., None, 5:], _allowed(raw.device)) + logsigmoid(raw[..., 4:5])
    index = kind.clamp(min=0)[..., None].expand(-1, -1, raw.shape[1])
    cost = -likely.transpose(1, 2).gather(1, index) / 2 - 3 * (shared + 1e-6).log()
    cost = (cost + 1e5 * ~(inside & near)).masked_fill(~open_, torch.inf)
    most = min(_MOST_CELLS, raw.shape[1])
    wanted = shared.topk(most, 2).values.sum(2, keepdim=True).int().clamp(min=1)
    best = cost.topk(most, 2, largest=False).indices
    taken = torch.arange(most, device=raw.device) < wanted
    matched = torch.zeros_like(open_).scatter_(2, best, taken) & open_
    twice = matched.sum(1) > 1
    index = torch.where(twice, cost.argmin(1), matched.byte().argmax(1))
    return matched.any(1), index, shared.gather(1, index[:, None])[:, 0], known


def detection_loss(
    raw: Tensor, truths: Tensor, height: int, width: int, counts: list[int] | None = None
) -> dict[str, Tensor]:
    """Parts of the loss, each over the weight of the cells taken. `truths` (n, m, 6) are rows of
    `truths.py` in pixels, m at least 1, filled up at the end with rows of kind `NONE`; `counts`
    says how many of each picture matter."""
    corner, strides = cells_of(height, width, raw.device)
    boxes = decode(raw, height, width)
    counts = counts or [truths.shape[1]] * len(truths)
    parts = []
    at_a_time = _AT_A_TIME.get(raw.device.type, _AT_A_TIME_ELSEWHERE)
    for start in range(0, len(truths), at_a_time):
        now = slice(start, start + at_a_time)
        some = truths[now, : max(1, *counts[now])]
        parts.append(
            _assigned(raw[now].detach(), boxes[now].detach(), some, corner + strides / 2, strides)
        )
    taken, index, shared, known = map(torch.cat, zip(*parts, strict=True))
    own = truths.gather(1, index[..., None].expand(-1, -1, 6))
    trust = own[..., 5] * taken
    scale = 1 / trust.sum().clamp(min=1)
    seen = cross_entropy(raw[..., 4], shared * taken, reduction="none")
    seen = seen * torch.where(taken, trust, known.float())
    box = trust * (1 - generalised_overlap(boxes, own[..., 1:5]))
    logits, allowed = raw[..., 5:], _allowed(raw.device)[own[..., 0].long().clamp(min=0)]
    others = cross_entropy(logits, torch.zeros_like(logits), reduction="none")
    others = (others * (1 - allowed)).sum(2) - _any_allowed(logits, allowed)
    return {"seen": seen.sum() * scale, "box": _BOX * box.sum() * scale,
            "known": _KNOWN * (trust * others).sum() * scale}  # fmt: skip

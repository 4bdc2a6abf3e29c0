"""The detector's loss: SimOTA assignment (Ge et al., arXiv:2107.08430), objectness that learns the
overlap, classes among those that a truth may be of, areas of which nothing is known left out."""

import torch
from network import cells_of, decode
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from truths import ALLOWED, CLASSES, IGNORED, TEACHER_ALONE, VEHICLES

_BOX, _KNOWN = 5.0, 1.0
_DOUBT = 0.25
_ALLOWED = torch.zeros(10, len(CLASSES))
for _kind, _classes in ALLOWED.items():
    _ALLOWED[_kind, list(_classes)] = 1.0


def _shared(a: Tensor, b: Tensor) -> Tensor:
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    return (high - low).clamp(min=0).prod(-1)


def _area(a: Tensor) -> Tensor:
    return (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes that broadcast."""
    shared = _shared(a, b)
    return shared / (_area(a) + _area(b) - shared + 1e-6)


def generalised_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Overlap less the share of the common hull that neither covers: -1..1."""
    shared = _shared(a, b)
    union = _area(a) + _area(b) - shared + 1e-6
    low, high = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    hull = (high - low).prod(-1) + 1e-6
    return shared / union - (hull - union) / hull


def _any_allowed(logits: Tensor, allowed: Tensor) -> Tensor:
    """Logarithm of the probability that a class among the allowed ones holds, and of none."""
    none = (torch.nn.functional.logsigmoid(-logits) * allowed).sum(-1).clamp(max=-1e-6)
    return torch.log1p(-none.exp() + 1e-7)


def _inside(centres: Tensor, areas: Tensor) -> Tensor:
    """Cells whose centre lies in any of the areas."""
    over = (centres[:, None] > areas[None, :, :2]) & (centres[:, None] < areas[None, :, 2:])
    return over.all(2).any(1)


def _vehicle(row: Tensor) -> Tensor:
    """Score of the likeliest class of vehicle, a cell."""
    return row[:, 4].sigmoid() * row[:, [5 + c for c in VEHICLES]].sigmoid().amax(1)


@torch.no_grad()
def _assigned(
    raw: Tensor, boxes: Tensor, truth: Tensor, centres: Tensor, strides: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Cells taken, the truth of each, their overlap."""
    goal = truth[:, 1:5]
    inside = ((centres[:, None] > goal[None, :, :2]) & (centres[:, None] < goal[None, :, 2:])).all(
        2
    )
    middle = (goal[:, :2] + goal[:, 2:]) / 2
    near = ((centres[:, None] - middle[None]).abs() < 2.5 * strides[:, None]).all(2)
    cells = (inside | near).any(1).nonzero()[:, 0]
    if not len(cells):
        return cells, cells, boxes.new_zeros(0)
    shared = overlap(boxes[cells, None], goal[None])
    allowed = _ALLOWED[truth[:, 0].long()]
    likely = _any_allowed(raw[cells, None, 5:], allowed[None])
    score = (likely + torch.nn.functional.logsigmoid(raw[cells, None, 4])) / 2
    cost = -score - 3 * (shared + 1e-6).log() + 1e5 * ~(inside & near)[cells]
    wanted = shared.topk(min(10, len(cells)), 0).values.sum(0).int().clamp(min=1)
    best = cost.topk(min(10, len(cells)), 0, largest=False)
    taken = torch.arange(len(best.values))[:, None] < wanted[None]
    matched = torch.zeros_like(cost, dtype=torch.bool).scatter_(0, best.indices, taken)
    twice = matched.sum(1) > 1
    if twice.any():
        first = cost[twice].argmin(1)
        matched[twice] = False
        matched[twice.nonzero()[:, 0], first] = True
    chosen = matched.any(1)
    index = matched[chosen].float().argmax(1)
    return cells[chosen], index, shared[chosen, index]


def detection_loss(raw: Tensor, truths: list[Tensor], height: int, width: int) -> dict[str, Tensor]:
    """Parts of the loss, each over the number of cells taken."""
    corner, strides = cells_of(height, width)
    centres = corner + strides / 2
    boxes = decode(raw, height, width)
    seen = box = known = raw.new_zeros(())
    number = 0.0
    for row, corners, truth in zip(raw, boxes, truths, strict=True):
        unknown, alone = truth[:, 0] == IGNORED, truth[:, 0] == TEACHER_ALONE
        real = truth[~(unknown | alone)]
        weight, target = torch.ones(len(row)), torch.zeros(len(row))
        weight[_inside(centres, truth[unknown, 1:5])] = 0
        # Where the teacher alone has looked, what the detector itself takes for a vehicle stands.
        doubted = _inside(centres, truth[alone, 1:5]) & (_vehicle(row.detach()) > _DOUBT)
        weight[doubted] = 0
        if len(real):
            cells, index, shared = _assigned(row.detach(), corners.detach(), real, centres, strides)
            goal, trust = real[index, 1:5], real[index, 5]
            allowed = _ALLOWED[real[index, 0].long()]
            target[cells], weight[cells] = shared, trust
            number += float(trust.sum())
            box = box + (trust * (1 - generalised_overlap(corners[cells], goal))).sum()
            logits = row[cells, 5:]
            others = cross_entropy(logits, torch.zeros_like(logits), reduction="none")
            others = (others * (1 - allowed)).sum(1)
            known = known + (trust * (others - _any_allowed(logits, allowed))).sum()
        loss = cross_entropy(row[:, 4], target, reduction="none") * weight
        seen = seen + loss.sum()
    scale = 1 / max(number, 1.0)
    return {"seen": seen * scale, "box": _BOX * box * scale, "known": _KNOWN * known * scale}

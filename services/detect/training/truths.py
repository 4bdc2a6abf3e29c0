"""Truths of a picture: its labels, completed by what the teacher sees and they leave out.

A row is class, x1, y1, x2, y2 (fractions), weight. Beside the six classes stand vehicles of
unknown class, areas of which nothing is known, and areas that the teacher alone has
labelled: it misses motorcycles and, at night, much else.
"""

import numpy as np
from boxes import overlaps, share_inside

CLASSES = ("car", "bus", "truck", "motorcycle", "bicycle", "person")
MOTORCYCLE, BICYCLE, PERSON = 3, 4, 5
TEACHER_ALONE, VEHICLE, IGNORED = 6, 8, 9
NONE = -1  # fills the rows of a batch up
VEHICLES = (0, 1, 2, 3)
# Classes that a row of each kind may be of.
ALLOWED = {**{c: (c,) for c in range(6)}, VEHICLE: (0, 1, 2)}
_SURE, _DOUBTFUL = 0.5, 0.2
# A two-wheeler of the teacher's is one left out, mostly parked: neither right nor wrong.
_KINDS = (VEHICLE, PERSON, IGNORED)
# Classes of these sources are often wrong (the set's README): their boxes alone are used.
_UNSURE_CLASSES = {"atl": (1, 2, 3)}
_UNLABELLED = ("frame", "clip", "photo")


def labels_of(text: str) -> np.ndarray:
    """(n, 6) rows of a YOLO label file."""
    rows = np.array([r.split()[:5] for r in text.splitlines() if r.strip()], np.float32)
    rows = rows.reshape(-1, 5)
    half = rows[:, 3:] / 2
    return np.concatenate(
        [rows[:, :1], rows[:, 1:3] - half, rows[:, 1:3] + half, np.ones_like(rows[:, :1])], 1
    )


def completed(labels: np.ndarray, seen: np.ndarray, group: str) -> np.ndarray:
    """Labels with the teacher's boxes (n, 6: corners, score, kind) that none of them covers: as
    truths where it is sure, as ignored areas where it doubts."""
    alone = group in _UNLABELLED
    rows = labels.copy()
    rows[np.isin(rows[:, 0], _UNSURE_CLASSES.get(group, ())), 0] = VEHICLE
    added = [[TEACHER_ALONE, 0, 0, 1, 1, 1]] if alone else []
    riders = rows[np.isin(rows[:, 0], (BICYCLE, MOTORCYCLE)), 1:5]
    known = rows[rows[:, 0] != IGNORED, 1:5]
    for box in seen[seen[:, 4] >= (_DOUBTFUL / 2 if alone else _DOUBTFUL)]:
        kind = _KINDS[int(box[5])]
        if len(known) and overlaps(box[None, :4], known).max() > 0.35:
            continue
        if kind != VEHICLE and len(riders) and share_inside(box[None, :4], riders).max() > 0.5:
            continue
        # In a picture without labels a person may be a rider.
        sure = box[4] >= _SURE and (kind == VEHICLE or (kind == PERSON and not alone))
        added.append([kind if sure else IGNORED, *box[:4], box[4]])
    return np.concatenate([rows, np.array(added, np.float32).reshape(-1, 6)])

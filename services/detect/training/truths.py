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
# A two-wheeler of the teacher's is one left out, mostly parked: neither right nor wrong. Kinds 3
# and 4 are a trained detector's (`own_labels.py`).
_KINDS = (VEHICLE, PERSON, IGNORED, MOTORCYCLE, BICYCLE)
_SAME = 0.5
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


def both(teacher: np.ndarray, own: np.ndarray) -> np.ndarray:
    """What the teacher and a trained detector found, (n, 6) each, without twice the same: the
    teacher's box with the better score, but a two-wheeler as the detector names it."""
    rows, added = teacher.copy(), []
    for box in own:
        kind = 2 if box[5] >= MOTORCYCLE else box[5]
        shared = overlaps(box[None, :4], rows[:, :4])[0] * (rows[:, 5] == kind)
        best = int(shared.argmax()) if len(rows) else -1
        if best < 0 or shared[best] <= _SAME:
            added.append(box)
        elif kind == 2:
            rows[best, 4:] = box[4:]
        else:
            rows[best, 4] = max(rows[best, 4], box[4])
    return np.concatenate([rows, np.array(added, np.float32).reshape(-1, 6)])


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
        if (
            kind in (PERSON, IGNORED)
            and len(riders)
            and share_inside(box[None, :4], riders).max() > 0.5
        ):
            continue
        # In a picture without labels a person may be a rider; in one with labels a two-wheeler
        # that was left out is mostly parked.
        allowed = (VEHICLE, MOTORCYCLE, BICYCLE) if alone else (VEHICLE, PERSON)
        sure = box[4] >= _SURE and kind in allowed
        added.append([kind if sure else IGNORED, *box[:4], box[4]])
    return np.concatenate([rows, np.array(added, np.float32).reshape(-1, 6)])

"""From a reader's CTC output to what each character of a plate may be.

A CTC network (Graves et al., 2006) gives each column of a plate a distribution over
characters and a blank. All its paths that spell a layout (`DD L DDD DD`) form a lattice; the
forward and backward sums over it give exactly the posterior of every character in every place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payesh.plates.domain.reading import UNREADABLE, CharacterReading, PlateReading

_ALTERNATIVES = 3
_LEAST_LAYOUT_PROBABILITY = 0.02

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """A shape of plates: for each place the characters that may stand there."""

    name: str
    places: tuple[frozenset[str], ...]


class PlateLattice:
    """Readings from the output of one network.

    `classes` are the network's characters in its order, class 0 being the blank and one of them
    `?`; `layout` is the shape that a plate is read in first. A place counts as unreadable from the
    posterior `least_unreadable` on, though a character may be likelier: no guess is a reading.
    """

    def __init__(
        self, classes: Sequence[str], layout: Layout, least_unreadable: float = 0.2
    ) -> None:
        self.classes = tuple(classes)
        self._layout = layout
        self._least_unreadable = least_unreadable
        self._unreadable = self.classes.index(UNREADABLE)
        self._allowed = np.array(
            [[c in place or c == UNREADABLE for c in classes] for place in layout.places]
        )

    def reading(self, columns: Floats) -> PlateReading:
        """The reading of one plate from CTC probabilities (steps, classes), rows summing to 1."""
        layout_probability, slots = slot_posteriors(columns, self._allowed)
        if layout_probability < _LEAST_LAYOUT_PROBABILITY:
            return self._best_path(columns)
        best = slots.argmax(1)
        best[slots[:, self._unreadable] >= self._least_unreadable] = self._unreadable
        text_probability, _ = slot_posteriors(
            columns, np.arange(len(self.classes))[None] == best[:, None]
        )
        characters = tuple(map(self._character, slots, best))
        return PlateReading(
            text="".join(c.char for c in characters),
            layout=self._layout.name,
            # Given the layout: columns that leak a little into a ninth character make no doubt
            # about which eight these are.
            confidence=min(1.0, float(text_probability) / layout_probability),
            characters=characters,
        )

    def _best_path(self, columns: Floats) -> PlateReading:
        """The likeliest path without a pattern, for plates of other layouts."""
        best = columns.argmax(1)
        characters = []
        for t, identity in enumerate(best):
            if identity == 0 or (t and best[t - 1] == identity):
                continue
            run = t
            while run + 1 < len(best) and best[run + 1] == identity:
                run += 1
            peak = columns[t : run + 1][columns[t : run + 1, identity].argmax()].copy()
            peak[0] = 0.0
            characters.append(self._character(peak / peak.sum(), int(peak.argmax())))
        return PlateReading(
            text="".join(c.char for c in characters),
            layout=None,
            confidence=float(columns.max(1).prod()) if characters else 0.0,
            characters=tuple(characters),
        )

    def _character(self, posterior: Floats, chosen: int) -> CharacterReading:
        order = [int(i) for i in np.argsort(-posterior, kind="stable") if i != chosen]
        others = tuple(
            (self.classes[i], float(posterior[i]))
            for i in order[:_ALTERNATIVES]
            if posterior[i] > 0
        )
        return CharacterReading(self.classes[chosen], float(posterior[chosen]), others)


def slot_posteriors(columns: Floats, allowed: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Probability that the plate spells some text of a pattern, and of each character per slot.

    `columns` (steps, classes) are CTC probabilities, `allowed` (slots, classes) the pattern.
    Returns the total probability of the pattern and (slots, classes) posteriors given it.
    """
    steps, classes = columns.shape
    slots = len(allowed)
    # Forward: `blank[k]` has spelt k characters and emits blanks; `spelt[k, c]` emits c as k-th.
    emit = columns[:, None, :] * allowed
    blank, spelt = np.zeros(slots + 1), np.zeros((slots, classes))
    blank[0], spelt[0] = columns[0, 0], emit[0, 0]
    entering = np.zeros((steps, slots, classes))
    entering[0, 0] = emit[0, 0]
    scales = np.ones(steps)
    for t in range(1, steps):
        total = spelt.sum(1)
        enter = np.repeat(blank[:-1, None], classes, 1)
        enter[1:] += total[:-1, None] - spelt[:-1]  # the same character twice needs a blank
        enter *= emit[t]
        spelt = spelt * emit[t] + enter
        blank = blank.copy()
        blank[1:] += total
        blank *= columns[t, 0]
        scales[t] = max(spelt.sum() + blank.sum(), 1e-300)
        entering[t] = enter / scales[t]
        spelt, blank = spelt / scales[t], blank / scales[t]
    share = float(blank[-1] + spelt[-1].sum())
    if share <= 0:
        return 0.0, np.full((slots, classes), 1 / classes)
    probability = share * float(np.exp(np.log(scales).sum()))
    # Backward, under the same scales; posterior of c in slot k: all ways of entering it.
    after_blank, after_spelt = np.zeros(slots + 1), np.zeros((slots, classes))
    after_blank[-1], after_spelt[-1] = 1.0, 1.0
    posterior = entering[-1] * after_spelt
    for t in range(steps - 2, -1, -1):
        onward = emit[t + 1] * after_spelt
        next_total = onward.sum(1)
        rest = columns[t + 1, 0] * after_blank
        after_spelt = onward + rest[1:, None]
        after_spelt[:-1] += next_total[1:, None] - onward[1:]
        after_blank = rest
        after_blank[:-1] += next_total
        after_spelt, after_blank = after_spelt / scales[t + 1], after_blank / scales[t + 1]
        posterior += entering[t] * after_spelt
    posterior /= np.maximum(posterior.sum(1, keepdims=True), 1e-300)
    return probability, posterior

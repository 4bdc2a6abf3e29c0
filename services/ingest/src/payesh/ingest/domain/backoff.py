"""How long to wait before a source is tried again."""


class Backoff:
    """Doubles from `first_s` to `longest_s`; a draw in 0..1 spreads cameras of one lost switch."""

    def __init__(self, first_s: float = 0.5, longest_s: float = 10.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def failed(self, draw: float) -> float:
        """Seconds to wait: between half and the whole of the present step."""
        step_s = min(self._longest_s, self._first_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return step_s * (0.5 + draw / 2)

    def succeeded(self) -> None:
        self._failures = 0

"""Nonlinear least squares for a few dozen unknowns, and how its uncertainty propagates."""

from collections.abc import Callable

import numpy as np

from payesh.detect.domain.geometry import Floats

_LARGEST_STEP = 1.0


def jacobian_of(function: Callable[[Floats], Floats], at: Floats) -> Floats:
    step = 1e-5
    columns = []
    for number in range(len(at)):
        change = np.zeros_like(at)
        change[number] = step
        columns.append((function(at + change) - function(at - change)) / (2 * step))
    return np.stack(columns, axis=1)


def least_squares(
    function: Callable[[Floats], Floats], start: Floats, *, steps: int
) -> tuple[Floats, float, Floats]:
    """Levenberg-Marquardt (Marquardt 1963): solution, sum of squares, Jacobian there."""
    at, damping = start, 1e-3
    residual = function(at)
    cost = float(residual @ residual)
    jacobian = jacobian_of(function, at)
    for _ in range(steps):
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residual
        scale = np.diag(np.maximum(np.diag(normal), 1e-12))
        step = np.linalg.solve(normal + damping * scale, -gradient)
        # No parameter moves by more than its scale at once: none is an exponent out of range.
        step /= max(float(np.abs(step).max()) / _LARGEST_STEP, 1.0)
        tried = function(at + step)
        tried_cost = float(tried @ tried)
        if np.isfinite(tried_cost) and tried_cost < cost:
            gained = cost - tried_cost
            at, residual, cost = at + step, tried, tried_cost
            jacobian = jacobian_of(function, at)
            damping = max(damping / 5, 1e-12)
            if gained < 1e-6 * max(cost, 1e-2):
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    return at, cost, jacobian


def propagated(function: Callable[[Floats], Floats], at: Floats, covariance: Floats) -> Floats:
    """Standard deviations (m,) of `function` (m,), by the law of propagation (GUM 5.2)."""
    jacobian = jacobian_of(function, at)
    return np.sqrt(np.maximum(np.diag(jacobian @ covariance @ jacobian.T), 0.0))

"""A camera's calibration: marks set in its view, what was measured between them, and the fit."""

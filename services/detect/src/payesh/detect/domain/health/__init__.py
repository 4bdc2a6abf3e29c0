"""Self-checks: what can be wrong with a camera's detector, by what it finds."""

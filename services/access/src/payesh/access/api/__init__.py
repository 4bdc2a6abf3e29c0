"""The HTTP edge: one module a noun."""

"""The HTTP edge: a module a noun."""

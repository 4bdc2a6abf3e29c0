"""Use cases of the HTTP edge, a module a noun."""

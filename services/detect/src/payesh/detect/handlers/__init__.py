"""Use cases: a module each."""

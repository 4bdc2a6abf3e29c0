"""Use cases: a module each. Events are made in `events`, actions are declared in `actions`."""

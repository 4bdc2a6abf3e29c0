"""Use cases: observing segments and stills, and projecting what was said of them."""

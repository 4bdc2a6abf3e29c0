"""The officers' queue: the list of drafts, one citation with its evidence, and the decision."""

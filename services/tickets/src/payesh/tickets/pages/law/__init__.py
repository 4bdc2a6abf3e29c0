"""The law as people keep it: what is in force, and editions drafted, compared and approved."""

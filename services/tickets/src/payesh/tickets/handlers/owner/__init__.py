"""Use cases of an owner at the own citation: a code, a session, what it shows, and what is done."""

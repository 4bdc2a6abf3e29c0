"""Use cases: violation and read joined, an officer's decisions."""

"""The page on which a person lets a client act in their name, or does not."""

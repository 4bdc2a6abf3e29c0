"""The page on which a person ends the sign-in."""

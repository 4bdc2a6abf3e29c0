"""The page on which a person sees what clients may do in their name, and takes it back."""

"""The synthetic street: drawn plates, planned traffic, a rendered video and its truth."""

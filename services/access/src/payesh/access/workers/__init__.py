"""What access does behind its requests."""

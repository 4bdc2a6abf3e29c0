"""From pixels to passages: pure of bus and store."""

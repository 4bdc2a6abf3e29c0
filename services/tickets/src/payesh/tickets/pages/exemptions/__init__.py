"""Exempt vehicles: proposed by one person, approved by another, and the drafts held for them."""

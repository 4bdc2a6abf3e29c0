"""A citation's evidence: checked, bundled under lock, described, verified offline."""

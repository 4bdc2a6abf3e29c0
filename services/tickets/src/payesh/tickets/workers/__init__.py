"""What runs behind consumers and routes: bundles being built, and what time brings."""

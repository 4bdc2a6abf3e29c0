"""What runs behind consumers and routes: bundles being built, chores that come round."""

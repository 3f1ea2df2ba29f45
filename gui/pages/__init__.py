"""One page a workspace."""

"""The ways in which a window has an engine."""

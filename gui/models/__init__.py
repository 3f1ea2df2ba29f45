"""Qt item models and view state."""

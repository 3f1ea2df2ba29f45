"""Where labelled pictures come from, and what opens each kind."""

"""What the engine shows of itself: frames, events and curves."""

"""What is long and isn't training, in slices between two steps."""

"""The panel of an evaluation: figures, classes, what was taken for what, and the pictures."""

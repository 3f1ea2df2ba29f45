"""The page on which a network learns, and all that only it uses."""

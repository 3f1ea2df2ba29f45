"""The page on which pictures are chosen and made ready, and all that only it uses."""

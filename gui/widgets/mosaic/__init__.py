"""Many maps at once, painted directly, and the palettes they are painted with."""

"""The commands that need no window: a module each, and the list of them."""

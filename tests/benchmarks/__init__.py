"""Programs that measure and print a table. Nothing here asserts a time."""

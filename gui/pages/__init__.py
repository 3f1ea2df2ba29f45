"""The workspaces of the window: one for each kind of work."""

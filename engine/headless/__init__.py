"""The engine without a window: what the commands do, and the commands themselves."""

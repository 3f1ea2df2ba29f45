"""The engine without a window: what the commands train, predict and maps do."""

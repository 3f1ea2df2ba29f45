"""Questions of a page and who answers them, in threads beside the training."""

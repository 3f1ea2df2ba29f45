"""What reads ahead of the training, and what becomes of it."""

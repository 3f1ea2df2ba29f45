"""What a network is, how it is built and described."""

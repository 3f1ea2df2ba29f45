"""What the Data page talks to: sources looked at in threads of its own."""

"""What window and engine say to each other: plain types that can travel."""

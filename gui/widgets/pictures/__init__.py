"""Pictures: one large with its pixels, some side by side, or thousands as tiles."""

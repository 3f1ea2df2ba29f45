"""Everything that shows. Never imports torch."""

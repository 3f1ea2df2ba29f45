"""Which pictures are for what, and writing that down."""

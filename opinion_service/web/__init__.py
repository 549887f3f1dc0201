"""Pages: one small module per page family."""

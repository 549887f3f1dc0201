"""Pages of events, opening rules and search."""

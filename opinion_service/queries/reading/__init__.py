"""Events, opening rules and search."""

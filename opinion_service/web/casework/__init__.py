"""Pages of cases and answers."""

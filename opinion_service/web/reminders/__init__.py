"""Pages of the ladder, its papers and the mailroom."""

"""Rules of the case: states and moves, coverage, review in steps, differences of texts."""

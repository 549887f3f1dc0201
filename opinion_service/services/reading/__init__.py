"""Bands, events and heat; the opening rules; grouping by hand; the search index."""

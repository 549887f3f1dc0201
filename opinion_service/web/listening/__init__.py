"""Pages of sources, entries by hand, files taken in and hot lists."""

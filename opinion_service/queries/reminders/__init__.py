"""The mailroom, the papers and the proof."""

"""Clocks of a case: start, meet, pause, extend, move."""

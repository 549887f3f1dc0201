"""How a due time was found; time limits and calendar."""

"""Pages of clocks, time limits and calendar."""

"""Processes: the RQ workers, the sweeper and the launcher."""

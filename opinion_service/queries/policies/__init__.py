"""The policy register, one policy, and what waits for whom."""

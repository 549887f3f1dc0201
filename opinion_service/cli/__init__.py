"""The operator's commands: one module per group."""

"""The processes beside the web: one RQ worker per queue and the sweeper. Only this package knows Redis."""

"""Lists of cases, the case page, the answers."""

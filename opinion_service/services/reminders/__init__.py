"""The ladder, its letters and its proof; the outbox."""
